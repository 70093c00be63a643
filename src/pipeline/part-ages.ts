import type { Clock } from '../base/clock.ts';
import { DurationHistogram } from '../base/duration-histogram.ts';
import type { FeedMessage, Part, RenditionDescription } from '../stream/feed.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import { addPartAges } from '../stream/part-arrival.ts';

interface StreamPartAges {
  readonly stream: LiveStream;
  /** Whose parts are measured: the picture that viewers had first, which is the source's where it is offered; or sound that is alone. */
  leading:
    | { readonly name: string; readonly isVideo: boolean; readonly timescale: number; readonly delayMs: number }
    | undefined;
  readonly histogram: DurationHistogram;
}

/** Ticks are rounded on their way. */
const roundingMs = 1;

/** How old frames are when they are in a part: measured of the leading rendition of each stream, whose parts take along when their frames came. */
export class PartAges {
  private readonly clock: Clock;
  private readonly streams = new Map<string, StreamPartAges>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(stream: LiveStream): void {
    this.streams.set(stream.id, { stream, leading: undefined, histogram: new DurationHistogram() });
  }

  close(streamId: string): void {
    this.streams.delete(streamId);
  }

  /** Counts so far, by stream. */
  figures(): { readonly streamId: string; readonly part: Uint32Array }[] {
    return [...this.streams].map(([streamId, { histogram }]) => ({ streamId, part: histogram.counts }));
  }

  /** The message as it goes on to delivery. */
  dated(message: FeedMessage): FeedMessage {
    if (message.type !== 'part' && message.type !== 'rendition') return message;
    const known = this.streams.get(message.streamId);
    if (known === undefined) return message;
    if (message.type === 'rendition') {
      lead(known, message.rendition);
      return message;
    }
    return message.rendition === known.leading?.name
      ? { ...message, part: this.datedPart(known, message.part) }
      : message;
  }

  private datedPart({ stream, leading, histogram }: StreamPartAges, part: Part): Part {
    const { timescale, delayMs } = leading!;
    const startMs = (part.startTicks * 1000) / timescale - delayMs;
    const endMs = startMs + (part.durationTicks * 1000) / timescale;
    const first = stream.arrivals.of(startMs + roundingMs);
    const last = stream.arrivals.of(endMs - roundingMs);
    if (first === undefined || last === undefined || last < first) return part;
    const { clock } = this;
    const nowMs = clock.wallMs();
    const offsetMs = nowMs - clock.monotonicMs(); // monotonic clocks of threads begin at different times
    const arrival = { firstMs: first + offsetMs, lastMs: last + offsetMs };
    addPartAges(histogram, arrival, nowMs);
    return { ...part, arrival };
  }
}

function lead(known: StreamPartAges, { name, config, timescale, decodeDelayTicks }: RenditionDescription): void {
  const isVideo = config.kind === 'video';
  const { leading } = known;
  if (leading !== undefined && leading.name !== name && (leading.isVideo || !isVideo)) return;
  known.leading = { name, isVideo, timescale, delayMs: (decodeDelayTicks * 1000) / timescale };
}
