import type { PlannedRendition } from '../stream/feed.ts';
import type { RenditionWindow, StreamWindow } from '../stream/window.ts';

/** One quality that a viewer can choose: a rendition that has media, or one that is planned and will have it soon. */
export interface Variant {
  readonly name: string;
  readonly rendition?: RenditionWindow | undefined;
  readonly planned?: PlannedRendition | undefined;
}

/** The renditions that a viewer chooses between, and the sound that belongs to all of them. */
export interface Presentation {
  readonly variants: readonly Variant[];
  /** The shared audio rendition beside video; absent for sound alone, which is a variant itself. */
  readonly audio?: RenditionWindow;
}

/** What of a stream can be chosen. Nothing, while a stream with video has no complete segment of it. */
export function presentationOf(stream: StreamWindow): Presentation | undefined {
  const audio = audioRendition(stream);
  const playable = audio !== undefined && isPlayable(audio) ? audio : undefined;
  if (referenceOf(stream) === audio && stream.planned.length === 0) {
    return playable && { variants: [{ name: playable.description.name, rendition: playable }] };
  }
  const variants = videoVariants(stream);
  if (!variants.some(({ rendition }) => rendition !== undefined && isPlayable(rendition))) return undefined;
  return playable === undefined ? { variants } : { variants, audio: playable };
}

/** Whether everything that was announced or planned can be played: a player reads only once what there is. */
export function isPresentationComplete(stream: StreamWindow): boolean {
  const { renditions, planned } = stream;
  if (renditions.size === 0) return false;
  for (const rendition of renditions.values()) {
    if (!isPlayable(rendition) && !isWithdrawn(rendition)) return false;
  }
  return planned.every(({ name }) => !isAwaited(stream, name));
}

/** Whether media of this rendition is planned, and has not come yet. */
export function isAwaited(stream: StreamWindow, name: string): boolean {
  return stream.renditions.get(name)?.hasMedia !== true && isPlanned(stream, name);
}

/** Whether it is one of those that are transcoded now, or soon. */
export function isPlanned(stream: StreamWindow, name: string): boolean {
  const rendition = stream.renditions.get(name);
  return plannedOf(stream, name) !== undefined && (rendition === undefined || !isWithdrawn(rendition));
}

/** Whether it is made on demand, and there is no media of this moment: nobody has asked for it of late, or only just now. */
export function isResting(stream: StreamWindow, { description, lastSegment, segments }: RenditionWindow): boolean {
  if (stream.isInterrupted || stream.isEnded || description.isWithdrawn === true) return false;
  if (plannedOf(stream, description.name)?.isOnDemand !== true) return false;
  const hasBegun = lastSegment !== undefined && (lastSegment.isComplete || lastSegment.parts.length > 0);
  const newest = hasBegun ? lastSegment : segments.at(-2);
  const referenceMsn = referenceOf(stream)?.lastSegment?.msn ?? 0;
  return newest !== undefined && (newest.isGap || newest.msn + 1 < referenceMsn);
}

export function plannedOf({ planned }: StreamWindow, name: string): PlannedRendition | undefined {
  return planned.find((one) => one.name === name);
}

/** Names of all renditions: the source, planned ones from the best down, others. An order that no measurement changes. */
export function namesInOrder({ renditions, planned }: StreamWindow): Iterable<string> {
  return new Set(['source', ...planned.map(({ name }) => name), ...renditions.keys()]);
}

/** What sets the times of all others: the publisher's own picture, or the sound where there is no picture. */
export function referenceOf({ renditions }: StreamWindow): RenditionWindow | undefined {
  const source = renditions.get('source');
  if (source !== undefined) return source;
  let first: RenditionWindow | undefined;
  for (const rendition of renditions.values()) {
    if (rendition.description.config.kind === 'video') return rendition;
    first ??= rendition;
  }
  return first;
}

/** Whether it is made from another: it follows a little later, and may come and go. */
export function isRung(stream: StreamWindow, rendition: RenditionWindow): boolean {
  return rendition.description.config.kind === 'video' && rendition !== referenceOf(stream);
}

export function audioRendition({ renditions }: StreamWindow): RenditionWindow | undefined {
  for (const rendition of renditions.values()) {
    if (rendition.description.config.kind === 'audio') return rendition;
  }
  return undefined;
}

function videoVariants(stream: StreamWindow): Variant[] {
  const variants: Variant[] = [];
  for (const name of namesInOrder(stream)) {
    const rendition = stream.renditions.get(name);
    const planned = plannedOf(stream, name);
    const isThere = rendition === undefined ? planned !== undefined : isOffered(rendition, planned !== undefined);
    if (isThere) variants.push({ name, rendition, planned });
  }
  return variants;
}

function isOffered(rendition: RenditionWindow, isPlanned: boolean): boolean {
  if (rendition.description.config.kind !== 'video' || isWithdrawn(rendition)) return false;
  return isPlanned || isPlayable(rendition);
}

function isPlayable(rendition: RenditionWindow): boolean {
  return rendition.lastComplete !== undefined;
}

function isWithdrawn({ description }: RenditionWindow): boolean {
  return description.isWithdrawn === true;
}
