import type { StreamSnapshot } from '../delivery/delivered-stream.ts';
import type { FeedMessage, Part } from '../stream/feed.ts';
import type { SlabRange, SlabTable } from '../stream/slab-table.ts';
import type { Segment } from '../stream/window.ts';
import type { RenditionSnapshot } from '../stream/window-snapshot.ts';

type PartMessage = Extract<FeedMessage, { type: 'part' }>;

/** A feed message as it crosses a thread: of a part's bytes only where they lie. */
export type WireMessage =
  | Exclude<FeedMessage, PartMessage>
  | (Omit<PartMessage, 'part'> & { readonly part: Omit<Part, 'bytes'> & { readonly range: SlabRange } });

/** A snapshot as it crosses a thread: its parts without bytes, and where those lie, in order. */
export interface WireSnapshot {
  readonly snapshot: StreamSnapshot;
  readonly ranges: readonly SlabRange[];
}

export function messageToWire(message: FeedMessage, rangeOf: (bytes: Uint8Array) => SlabRange): WireMessage {
  if (message.type !== 'part') return message;
  const { bytes, ...part } = message.part;
  return { ...message, part: { ...part, range: rangeOf(bytes) } };
}

export function messageFromWire(message: WireMessage, table: SlabTable): FeedMessage {
  if (message.type !== 'part') return message;
  const { range, ...part } = message.part;
  return { ...message, part: { ...part, bytes: table.bytesOf(range) } };
}

const noBytes = new Uint8Array(0);

export function snapshotToWire(snapshot: StreamSnapshot, table: SlabTable): WireSnapshot {
  const ranges: SlabRange[] = [];
  const stripped = withParts(snapshot, (part) => {
    ranges.push(table.rangeOf(part.bytes));
    return { ...part, bytes: noBytes };
  });
  return { snapshot: stripped, ranges };
}

export function snapshotFromWire({ snapshot, ranges }: WireSnapshot, table: SlabTable): StreamSnapshot {
  let next = 0;
  return withParts(snapshot, (part) => ({ ...part, bytes: table.bytesOf(ranges[next++]!) }));
}

function withParts(snapshot: StreamSnapshot, change: (part: Part) => Part): StreamSnapshot {
  const ofSegment = (segment: Segment): Segment => ({ ...segment, parts: segment.parts.map(change) });
  const ofRendition = (rendition: RenditionSnapshot): RenditionSnapshot => ({
    ...rendition,
    removed: rendition.removed.map((entry) => ({ ...entry, segment: ofSegment(entry.segment) })),
    segments: rendition.segments.map(ofSegment),
  });
  const { window } = snapshot;
  return { ...snapshot, window: { ...window, renditions: window.renditions.map(ofRendition) } };
}
