import type { PlannedRendition, RenditionDescription, StreamDescription, Thumbnail } from './feed.ts';
import type { PartHolder } from './part-memory.ts';
import type { BitrateTotals } from './segment-bitrates.ts';
import { RenditionWindow, type Segment, StreamWindow } from './window.ts';

/** A window's whole content, to begin another with the same: plain data that can cross a thread. */
export interface WindowSnapshot {
  readonly stream: StreamDescription;
  readonly isInterrupted: boolean;
  readonly isEnded: boolean;
  readonly planned: readonly PlannedRendition[];
  readonly thumbnail: Thumbnail | undefined;
  readonly renditions: readonly RenditionSnapshot[];
}

export interface RenditionSnapshot {
  /** Every encoding so far, the present one last. */
  readonly descriptions: readonly RenditionDescription[];
  readonly segments: readonly Segment[];
  readonly removed: readonly { readonly segment: Segment; readonly keptForMs: number }[];
  readonly bitrates: BitrateTotals;
}

/** `nowMs` is on the clock that the window slides by. */
export function snapshotOf(window: StreamWindow, nowMs: number): WindowSnapshot {
  const { stream, isInterrupted, isEnded, planned, thumbnail } = window;
  const renditions = [...window.renditions.values()].map((rendition) => renditionSnapshot(rendition, nowMs));
  return { stream, isInterrupted, isEnded, planned, thumbnail, renditions };
}

/** A window that holds what another one held. */
export function windowFrom(snapshot: WindowSnapshot, holder: PartHolder, nowMs: number): StreamWindow {
  const { stream, isInterrupted, isEnded, planned, thumbnail, renditions } = snapshot;
  const window = new StreamWindow(stream);
  window.isInterrupted = isInterrupted;
  window.isEnded = isEnded;
  window.planned = planned;
  window.thumbnail = thumbnail;
  for (const known of renditions) {
    const rendition = renditionFrom(known, stream.targetDurationSeconds, holder, nowMs);
    window.renditions.set(rendition.description.name, rendition);
  }
  return window;
}

function renditionSnapshot(rendition: RenditionWindow, nowMs: number): RenditionSnapshot {
  const { description, descriptions, segments, removed, bitrates } = rendition;
  return {
    descriptions: [...[...descriptions.values()].filter((one) => one !== description), description],
    segments,
    removed: removed.map(({ segment, untilMs }) => ({ segment, keptForMs: Math.max(0, untilMs - nowMs) })),
    bitrates: bitrates.totals,
  };
}

function renditionFrom(
  { descriptions, segments, removed, bitrates }: RenditionSnapshot,
  targetDurationSeconds: number,
  holder: PartHolder,
  nowMs: number,
): RenditionWindow {
  const [first, ...later] = descriptions;
  const rendition = new RenditionWindow(first!, targetDurationSeconds, holder, bitrates);
  for (const description of later) rendition.describe(description);
  const take = (segment: Segment): Segment => {
    for (const { bytes } of segment.parts) holder.retain(bytes);
    return { ...segment, parts: [...segment.parts] };
  };
  for (const { segment, keptForMs } of removed) {
    rendition.removed.push({ segment: take(segment), untilMs: nowMs + keptForMs });
  }
  for (const segment of segments) rendition.segments.push(take(segment));
  return rendition;
}
