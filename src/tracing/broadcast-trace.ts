import type { Clock } from '../base/clock.ts';
import { LadderTrace } from './ladder-trace.ts';
import { OpenSpan, type SpanAttributes, type SpanSink } from './span.ts';
import { broadcastSpanId, type TraceOrigin } from './trace-context.ts';

export interface TracedBroadcast {
  readonly streamId: string;
  readonly channel: string;
  readonly origin: TraceOrigin;
  /** Of an earlier process, begun then (wall clock): what leads up to its first playlist is over. */
  readonly restoredSinceMs?: number | undefined;
}

/** A moment of a broadcast that is no change of its state. */
export type StreamMilestone =
  /** The first part is made; nobody can see it before the first segment is complete. */
  | { readonly type: 'first-part' }
  /** Playlists can be answered. */
  | { readonly type: 'listed' }
  /** Frames of the rung come out, for the first time or again after it was withdrawn. */
  | { readonly type: 'rung-live'; readonly rung: string };

/** What a broadcast goes through until it can be watched, each from where the one before ends. */
type Stage = 'first keyframe' | 'first part' | 'first playlist';

/**
 * The spans of one broadcast. Each is told when it ends, the broadcast's own last; they find together by their ids, also when a restart
 * lies between. Times are those of the wall clock at the beginning, from which the monotonic clock counts.
 */
export class BroadcastTrace {
  private readonly broadcast: TracedBroadcast;
  private readonly emit: SpanSink;
  private readonly root: OpenSpan;
  private readonly ladder: LadderTrace;
  private readonly toWallMs: (monotonicMs: number) => number;
  private readonly nowMs: () => number;
  private stage: OpenSpan | undefined;
  private stageName: Stage | undefined;
  private interruption: OpenSpan | undefined;
  private interruptions = 0;

  /** `authorisedSinceMs`: monotonic; when the check of its publisher began, which has just ended. */
  constructor(broadcast: TracedBroadcast, clock: Clock, emit: SpanSink, authorisedSinceMs?: number) {
    const { streamId, channel, origin, restoredSinceMs } = broadcast;
    const offsetMs = clock.wallMs() - clock.monotonicMs();
    this.broadcast = broadcast;
    this.emit = emit;
    this.toWallMs = (monotonicMs) => offsetMs + monotonicMs;
    this.nowMs = () => offsetMs + clock.monotonicMs();
    const beganMs = authorisedSinceMs === undefined ? this.nowMs() : this.toWallMs(authorisedSinceMs);
    this.root = new OpenSpan({
      ...origin,
      spanId: broadcastSpanId(streamId),
      name: 'broadcast',
      startMs: restoredSinceMs ?? beganMs,
      attributes: { 'streamctl.stream_id': streamId, 'streamctl.channel': channel },
    });
    const { emit: sink, nowMs } = this;
    this.ladder = new LadderTrace({ traceId: origin.traceId, parentSpanId: this.root.spanId, nowMs, emit: sink });
    if (restoredSinceMs === undefined) this.enter('first keyframe', this.nowMs());
    if (authorisedSinceMs !== undefined) this.authorised(authorisedSinceMs);
  }

  /** A publisher may begin or go on; `sinceMs` (monotonic) is when it was asked. */
  authorised(sinceMs: number): void {
    const atMs = this.nowMs();
    this.emit(this.open('authorise', this.toWallMs(sinceMs)).finish(atMs));
    // Announced long before: nobody waits for a keyframe before there is a publisher.
    if (this.stageName === 'first keyframe') this.enter('first keyframe', atMs);
  }

  started(): void {
    this.leave('first keyframe', 'first part');
  }

  reached(milestone: StreamMilestone): void {
    if (milestone.type === 'rung-live') this.ladder.rungLive(milestone.rung);
    else if (milestone.type === 'first-part') this.leave('first part', 'first playlist');
    else this.leave('first playlist', undefined);
  }

  interrupted(why: string): void {
    if (this.interruption !== undefined) return;
    this.interruptions++;
    this.interruption = this.open('interruption', this.nowMs(), { 'streamctl.why': why });
  }

  resumed(): void {
    this.endInterruption({ 'streamctl.outcome': 'resumed' });
  }

  replaced(): void {
    const atMs = this.nowMs();
    this.emit(this.open('publisher replaced', atMs).finish(atMs));
  }

  ladderPlanned(rungs: readonly string[]): void {
    this.ladder.planned(rungs);
  }

  ladderEvent(name: string, attributes: SpanAttributes): void {
    this.ladder.event(name, attributes);
  }

  /** The last of a broadcast. */
  ended(state: string, reason: string): void {
    const isFailed = state === 'ERROR';
    const atMs = this.nowMs();
    this.endInterruption({ 'streamctl.outcome': 'ended' }, isFailed ? reason : undefined);
    this.endStage(atMs, { 'streamctl.outcome': 'ended' }, isFailed ? reason : undefined);
    this.ladder.end();
    const attributes = { 'streamctl.state': state, 'streamctl.reason': reason };
    this.emit(this.open('end', atMs, attributes).finish(atMs));
    const whole = { ...attributes, 'streamctl.interruptions': this.interruptions };
    this.emit(this.root.finish(this.nowMs(), whole, isFailed ? reason : undefined));
  }

  /** The process ends, the broadcast does not: what is under way is told as far as it went. */
  suspend(): void {
    const attributes = { 'streamctl.outcome': 'restart' };
    this.endInterruption(attributes);
    this.endStage(this.nowMs(), attributes);
    this.ladder.end(attributes);
  }

  private enter(name: Stage, atMs: number): void {
    this.stageName = name;
    this.stage = this.open(name, atMs);
  }

  private leave(name: Stage, next: Stage | undefined): void {
    if (this.stageName !== name) return;
    const atMs = this.nowMs();
    this.endStage(atMs);
    if (next !== undefined) this.enter(next, atMs);
  }

  private endStage(atMs: number, attributes?: SpanAttributes, error?: string): void {
    if (this.stage !== undefined) this.emit(this.stage.finish(atMs, attributes, error));
    this.stage = undefined;
    this.stageName = undefined;
  }

  private endInterruption(attributes: SpanAttributes, error?: string): void {
    if (this.interruption !== undefined) this.emit(this.interruption.finish(this.nowMs(), attributes, error));
    this.interruption = undefined;
  }

  private open(name: string, startMs: number, attributes?: SpanAttributes): OpenSpan {
    const { traceId } = this.broadcast.origin;
    return new OpenSpan({ traceId, parentSpanId: this.root.spanId, name, startMs, attributes });
  }
}
