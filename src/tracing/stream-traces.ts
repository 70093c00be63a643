import type { Clock } from '../base/clock.ts';
import { BroadcastTrace } from './broadcast-trace.ts';
import type { SpanSink } from './span.ts';
import { newTraceId, type TraceOrigin } from './trace-context.ts';

interface KnownStream {
  readonly traceId: string;
  readonly channel: string;
}

/** What is still said of broadcasts that have ended; the one that ended first is forgotten first. */
const rememberedEnded = 1000;
/** Publishers that were let in, and callers of the API, of whom no broadcast has come yet. */
const maxExpected = 1000;
/** One that has not come by then does not come: it was refused after all, or has gone. */
const expectedForMs = 10_000;

/** What leads up to a broadcast. Times are monotonic. */
interface Expected {
  readonly atMs: number;
  readonly origin?: TraceOrigin | undefined;
  readonly authorisedSinceMs?: number | undefined;
}

/**
 * The traces of the broadcasts of this node: one a broadcast, told to whoever writes of it. Spans are only made where somebody
 * receives them.
 */
export class StreamTraces {
  private readonly clock: Clock;
  private emit: SpanSink | undefined;
  private readonly known = new Map<string, KnownStream>();
  private readonly streamOfChannel = new Map<string, string>();
  private readonly ended = new Set<string>();
  private readonly traces = new Map<string, BroadcastTrace>();
  /** By channel. */
  private readonly expected = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** From now on spans are made, and go there. */
  sendTo(emit: SpanSink): void {
    this.emit = emit;
  }

  /** Undefined for a stream that is not, and has not lately been, of this node. */
  traceIdOf(streamId: string): string | undefined {
    return this.known.get(streamId)?.traceId;
  }

  /** The spans of a broadcast, where there are any. */
  spansOf(streamId: string): BroadcastTrace | undefined {
    return this.traces.get(streamId);
  }

  /** What belongs into a log line with these fields: the trace of the stream that it names, or of its channel's newest. */
  logFields({ stream, channel }: { readonly stream?: unknown; readonly channel?: unknown }): { trace_id?: string } {
    const id = stream ?? this.streamOfChannel.get(String(channel));
    const traceId = typeof id === 'string' ? this.traceIdOf(id) : undefined;
    return traceId === undefined ? {} : { trace_id: traceId };
  }

  /** A broadcast has been made; gives how its trace begins. */
  begin(streamId: string, channel: string): TraceOrigin {
    const expected = this.expected.get(channel);
    this.expected.delete(channel);
    const recent = expected && this.clock.monotonicMs() - expected.atMs < expectedForMs ? expected : undefined;
    const origin = recent?.origin ?? { traceId: newTraceId() };
    this.remember(streamId, channel, origin.traceId);
    if (this.emit !== undefined) {
      const broadcast = { streamId, channel, origin };
      this.traces.set(streamId, new BroadcastTrace(broadcast, this.clock, this.emit, recent?.authorisedSinceMs));
    }
    return origin;
  }

  /** A broadcast of an earlier process goes on here. `sinceMs`: wall clock. */
  restore(streamId: string, channel: string, origin: TraceOrigin, sinceMs: number): void {
    this.remember(streamId, channel, origin.traceId);
    if (this.emit === undefined) return;
    const broadcast = { streamId, channel, origin, restoredSinceMs: sinceMs };
    this.traces.set(streamId, new BroadcastTrace(broadcast, this.clock, this.emit));
  }

  /** The channel's next broadcast, which is about to be made, goes on with the trace of who causes it. */
  continueWith(channel: string, origin: TraceOrigin): void {
    this.expect(channel, { origin, atMs: this.clock.monotonicMs() });
  }

  /** A publisher of the channel may begin; `sinceMs` (monotonic) is when it was asked. */
  authorised(channel: string, sinceMs: number): void {
    if (this.emit === undefined) return;
    const streamId = this.streamOfChannel.get(channel);
    const trace = streamId === undefined ? undefined : this.traces.get(streamId);
    if (trace !== undefined) trace.authorised(sinceMs);
    else this.expect(channel, { authorisedSinceMs: sinceMs, atMs: this.clock.monotonicMs() });
  }

  end(streamId: string, state: string, reason: string): void {
    this.traces.get(streamId)?.ended(state, reason);
    this.traces.delete(streamId);
    this.ended.add(streamId);
    if (this.ended.size > rememberedEnded) this.forget(forgetOldest(this.ended));
  }

  /** The process ends: what is under way is told as far as it went. */
  suspend(): void {
    for (const trace of this.traces.values()) trace.suspend();
    this.traces.clear();
  }

  private expect(channel: string, expected: Expected): void {
    this.expected.delete(channel);
    this.expected.set(channel, expected);
    if (this.expected.size > maxExpected) forgetOldest(this.expected);
  }

  private remember(streamId: string, channel: string, traceId: string): void {
    this.known.set(streamId, { traceId, channel });
    this.streamOfChannel.set(channel, streamId);
  }

  private forget(streamId: string | undefined): void {
    const channel = streamId === undefined ? undefined : this.known.get(streamId)?.channel;
    if (streamId === undefined || channel === undefined) return;
    this.known.delete(streamId);
    if (this.streamOfChannel.get(channel) === streamId) this.streamOfChannel.delete(channel);
  }
}

function forgetOldest<Key>(collection: Map<Key, unknown> | Set<Key>): Key | undefined {
  for (const key of collection.keys()) {
    collection.delete(key);
    return key;
  }
  return undefined;
}
