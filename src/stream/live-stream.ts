import type { Clock } from '../base/clock.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { MediaSink } from './media-sink.ts';
import type { Publication, PublicationEnd, PublisherConnection, PublisherDismissal } from './publication.ts';
import { PublisherRun } from './publisher-run.ts';
import { Timeline } from './timeline.ts';

/** What happened to a stream, for the event log, the store and whoever else must know. */
export type StreamChange =
  | { readonly type: 'started'; readonly connection: PublisherConnection }
  | { readonly type: 'interrupted' }
  | { readonly type: 'resumed'; readonly connection: PublisherConnection }
  | { readonly type: 'replaced'; readonly connection: PublisherConnection }
  | { readonly type: 'ended'; readonly state: StreamState; readonly reason: StreamEndReason };

export interface LiveStreamOptions {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | undefined;
  readonly clock: Clock;
  readonly sink: MediaSink<SourceAudioConfig>;
  /** Wall clock of stream time zero, ms since the epoch. */
  readonly availabilityStartMs: number;
  readonly graceMs: number;
  readonly pendingTimeoutMs: number;
  readonly onChange: (stream: LiveStream, change: StreamChange) => void;
  /** Taken up after a restart: ACTIVE and interrupted from now on. */
  readonly isRestored?: boolean;
}

/** Stream time when a stream is created: room before its first keyframe for audio and reordered frames. */
export const streamStartMs = 10_000;
/** Audio this long without any sign of video is a broadcast without video. */
const audioOnlyAfterMs = 1400;
/** Audio may start this much before the first keyframe's decode time and still belong to it. */
const audioLeadMs = 50;
/** Frames older than a gap are a backlog for this long; after that the publisher's clock is simply behind. */
const backlogMs = 1000;

/**
 * One broadcast on a channel: who publishes it now, what state it is in, and where its media stands in time. Frames come from
 * whichever connection is the newest; behind it, stream time only grows.
 */
export class LiveStream {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | undefined;
  readonly availabilityStartMs: number;
  private readonly options: LiveStreamOptions;
  private readonly originMs: number;
  private readonly createdAtMs: number;
  private currentState: StreamState;
  private run: PublisherRun | undefined;
  private interruptedAtMs: number | undefined;
  private interruptedWallMs: number | undefined;
  private pastDroppedFrames = 0;
  private pastNonMonotonicFrames = 0;
  private pastJumps = 0;

  constructor(options: LiveStreamOptions) {
    const { clock, availabilityStartMs, isRestored } = options;
    this.options = options;
    this.id = options.id;
    this.channel = options.channel;
    this.keyId = options.keyId;
    this.availabilityStartMs = availabilityStartMs;
    this.createdAtMs = clock.monotonicMs();
    this.originMs = this.createdAtMs - (clock.wallMs() - availabilityStartMs);
    this.currentState = isRestored ? 'ACTIVE' : 'PENDING_INGEST';
    if (isRestored) this.markInterrupted();
  }

  get state(): StreamState {
    return this.currentState;
  }

  get hasEnded(): boolean {
    return this.currentState === 'ENDED_GRACEFULLY' || this.currentState === 'ERROR';
  }

  /** Wall clock ms since when no publisher is there. */
  get interruptedSinceMs(): number | undefined {
    return this.interruptedWallMs;
  }

  get publisher(): PublisherRun | undefined {
    return this.run;
  }

  /** Repairs of the publishers' time and frames that could not be placed, over all connections. */
  get repairs(): { droppedFrames: number; nonMonotonicFrames: number; jumps: number } {
    return {
      droppedFrames: this.pastDroppedFrames + (this.run?.droppedFrames ?? 0),
      nonMonotonicFrames: this.pastNonMonotonicFrames + (this.run?.timeline?.nonMonotonicFrames ?? 0),
      jumps: this.pastJumps + (this.run?.timeline?.jumps ?? 0),
    };
  }

  /** Stream time of this moment, ms. */
  nowMs(): number {
    return this.options.clock.monotonicMs() - this.originMs;
  }

  /** A publisher takes over: whoever was there before is told and closed. */
  attach(connection: PublisherConnection): Publication {
    const before = this.run;
    const run = new PublisherRun(connection, this.options.clock.wallMs());
    if (before !== undefined) {
      this.leaveRun(before);
      before.connection.dismiss('replaced');
      this.options.sink.interrupt();
      this.options.onChange(this, { type: 'replaced', connection });
    }
    this.run = run;
    return {
      videoConfig: (config) => this.configureVideo(run, config),
      audioConfig: (config) => this.configureAudio(run, config),
      accessUnit: (unit) => this.receive(run, unit),
      end: (how) => this.publisherLeft(run, how),
    };
  }

  /** Ends the broadcast for good; the publisher is told why. */
  stop(reason: 'operator' | 'key_revoked' | 'policy' | 'input'): void {
    if (this.hasEnded) return;
    this.dismiss(reason);
    const isPending = this.currentState === 'PENDING_INGEST';
    if (reason === 'operator') this.finish('ENDED_GRACEFULLY', isPending ? 'cancelled' : 'operator');
    else this.finish('ERROR', isPending ? 'key_revoked' : reason);
  }

  /** Sends the publisher away because the server stops; the stream stays as it is and is taken up again after a restart. */
  suspend(): void {
    this.dismiss('shutdown');
    this.options.sink.interrupt();
  }

  /** To be called several times a second: gaps, grace and time-outs. */
  tick(): void {
    if (this.hasEnded) return;
    const { clock, graceMs, pendingTimeoutMs, sink } = this.options;
    const nowMs = clock.monotonicMs();
    sink.tick(this.nowMs());
    if (this.interruptedAtMs !== undefined && nowMs - this.interruptedAtMs >= graceMs) {
      this.finish('ERROR', 'publisher_lost');
    } else if (this.currentState === 'PENDING_INGEST' && this.run === undefined) {
      if (nowMs - this.createdAtMs >= pendingTimeoutMs) this.finish('ERROR', 'no_publisher');
    }
  }

  private configureVideo(run: PublisherRun, config: VideoConfig): void {
    if (run !== this.run) return;
    run.video = config;
    if (run.timeline !== undefined && run.hasVideo) this.options.sink.configure(config);
  }

  private configureAudio(run: PublisherRun, config: SourceAudioConfig): void {
    if (run !== this.run) return;
    run.audio = config;
    if (run.timeline !== undefined) this.options.sink.configure(config);
  }

  private receive(run: PublisherRun, unit: AccessUnit): void {
    if (run !== this.run) return;
    run.count(unit);
    if (run.timeline === undefined) this.awaitStart(run, unit);
    else if (unit.kind === 'video' && !run.hasVideo) this.addVideo(run, run.timeline, unit);
    else if (this.options.sink.isGapping) this.resumeAfterGap(run, run.timeline, unit);
    else this.forward(run.timeline, unit);
  }

  private forward(timeline: Timeline, unit: AccessUnit): void {
    const placed = timeline.place(unit, this.options.clock.monotonicMs());
    if (placed.jumped) this.options.sink.markDiscontinuity();
    this.options.sink.accessUnit(placed.unit);
  }

  /** Nothing has begun: a keyframe begins, or audio that stays alone. */
  private awaitStart(run: PublisherRun, unit: AccessUnit): void {
    if (unit.kind === 'audio') {
      run.holdAudio(unit);
      if (run.video === undefined && run.heldAudioMs >= audioOnlyAfterMs) this.startAudioOnly(run);
    } else if (unit.isSync && run.video !== undefined) {
      this.startVideo(run, unit);
    } else {
      run.droppedFrames++;
    }
  }

  private startVideo(run: PublisherRun, unit: AccessUnit): void {
    const startMs = Math.max(this.nowMs(), this.options.sink.endMs);
    const timeline = new Timeline(unit.dtsMs + unit.compositionOffsetMs, startMs);
    run.timeline = timeline;
    this.begin(run, startMs);
    // The keyframe opens the segment that the audio around it belongs to.
    this.forward(timeline, unit);
    for (const audio of run.takeHeldAudio(unit.dtsMs - audioLeadMs)) this.forward(timeline, audio);
  }

  private startAudioOnly(run: PublisherRun): void {
    const startMs = Math.max(this.nowMs() - run.heldAudioMs, this.options.sink.endMs);
    const held = run.takeHeldAudio(Number.NEGATIVE_INFINITY);
    const timeline = new Timeline(held[0]!.dtsMs, startMs);
    run.timeline = timeline;
    this.begin(run, startMs);
    for (const audio of held) this.forward(timeline, audio);
  }

  /** Video joins a broadcast that began without: from its first keyframe on. */
  private addVideo(run: PublisherRun, timeline: Timeline, unit: AccessUnit): void {
    if (!unit.isSync || run.video === undefined) {
      run.droppedFrames++;
      return;
    }
    this.begin(run, Math.max(timeline.peekMs(unit) + unit.compositionOffsetMs, this.options.sink.endMs));
    this.forward(timeline, unit);
  }

  /** Gaps were listed in place of the media that stayed away: it goes on after them, at a keyframe. */
  private resumeAfterGap(run: PublisherRun, timeline: Timeline, unit: AccessUnit): void {
    const { sink } = this.options;
    const isStart = run.hasVideo ? unit.kind === 'video' && unit.isSync : true;
    run.resumedAtMs ??= this.nowMs();
    if (!isStart) {
      // Audio alone goes on through a gap of the video.
      if (unit.kind === 'audio') this.forward(timeline, unit);
      else run.droppedFrames++;
      return;
    }
    const atMs = timeline.peekMs(unit) + unit.compositionOffsetMs;
    const isBehind = atMs < sink.endMs - audioLeadMs;
    if (isBehind && this.nowMs() - run.resumedAtMs < backlogMs) {
      run.droppedFrames++;
      return;
    }
    const startMs = Math.max(isBehind ? this.nowMs() : atMs, sink.endMs);
    const goesOn = isBehind ? this.replaceTimeline(run, unit, startMs) : timeline;
    run.resumedAtMs = undefined;
    this.begin(run, startMs);
    this.forward(goesOn, unit);
  }

  private replaceTimeline(run: PublisherRun, unit: AccessUnit, startMs: number): Timeline {
    this.keepRepairs(run);
    const timeline = new Timeline(unit.dtsMs + unit.compositionOffsetMs, startMs);
    run.timeline = timeline;
    return timeline;
  }

  private begin(run: PublisherRun, startMs: number): void {
    const { video, audio } = run;
    run.hasVideo = video !== undefined;
    this.options.sink.begin({ startMs, ...(video && { video }), ...(audio && { audio }) });
    if (this.currentState === 'PENDING_INGEST') {
      this.currentState = 'ACTIVE';
      this.options.onChange(this, { type: 'started', connection: run.connection });
    } else if (this.interruptedAtMs !== undefined) {
      this.interruptedAtMs = undefined;
      this.interruptedWallMs = undefined;
      this.options.onChange(this, { type: 'resumed', connection: run.connection });
    }
  }

  private publisherLeft(run: PublisherRun, how: PublicationEnd): void {
    if (run !== this.run) return;
    this.leaveRun(run);
    this.run = undefined;
    if (this.currentState !== 'ACTIVE') return;
    if (how === 'goodbye') {
      this.finish('ENDED_GRACEFULLY', 'publisher');
      return;
    }
    this.options.sink.interrupt();
    if (this.interruptedAtMs !== undefined) return;
    this.markInterrupted();
    this.options.onChange(this, { type: 'interrupted' });
  }

  private markInterrupted(): void {
    this.interruptedAtMs = this.options.clock.monotonicMs();
    this.interruptedWallMs = this.options.clock.wallMs();
  }

  private dismiss(reason: PublisherDismissal): void {
    const { run } = this;
    if (run === undefined) return;
    this.leaveRun(run);
    this.run = undefined;
    run.connection.dismiss(reason);
  }

  private leaveRun(run: PublisherRun): void {
    run.takeHeldAudio(Number.POSITIVE_INFINITY);
    this.pastDroppedFrames += run.droppedFrames;
    this.keepRepairs(run);
  }

  private keepRepairs(run: PublisherRun): void {
    this.pastNonMonotonicFrames += run.timeline?.nonMonotonicFrames ?? 0;
    this.pastJumps += run.timeline?.jumps ?? 0;
  }

  private finish(state: StreamState, reason: StreamEndReason): void {
    this.currentState = state;
    this.interruptedAtMs = undefined;
    this.interruptedWallMs = undefined;
    this.options.sink.end();
    this.options.onChange(this, { type: 'ended', state, reason });
  }
}
