import type { Clock } from '../base/clock.ts';
import type { StreamctlError } from '../base/errors.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import { FrameArrivals } from './frame-arrivals.ts';
import type { MediaSink } from './media-sink.ts';
import type { Publication, PublicationEnd, PublisherConnection, PublisherDismissal } from './publication.ts';
import { PublisherRun } from './publisher-run.ts';
import type { StreamChange } from './stream-change.ts';
import { StreamLife } from './stream-life.ts';
import { type RepairFigures, StreamRepairs } from './stream-repairs.ts';
import { Timeline } from './timeline.ts';

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
  /** Wall clock, where that was not just now. */
  readonly createdAtMs?: number | undefined;
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
  readonly availabilityStartMs: number;
  /** When the frames came that have a place in stream time. */
  readonly arrivals = new FrameArrivals();
  private readonly options: LiveStreamOptions;
  private readonly originMs: number;
  private readonly life: StreamLife;
  private newestKeyId: string | undefined;
  private run: PublisherRun | undefined;
  private readonly pastRepairs = new StreamRepairs();

  constructor(options: LiveStreamOptions) {
    const { clock, availabilityStartMs } = options;
    this.options = options;
    this.id = options.id;
    this.channel = options.channel;
    this.newestKeyId = options.keyId;
    this.availabilityStartMs = availabilityStartMs;
    this.originMs = clock.monotonicMs() - (clock.wallMs() - availabilityStartMs);
    this.life = new StreamLife(options);
  }

  get state(): StreamState {
    return this.life.state;
  }

  get hasEnded(): boolean {
    return this.life.hasEnded;
  }

  /** Of whoever published last, or announced it. */
  get keyId(): string | undefined {
    return this.newestKeyId;
  }

  /** Wall clock ms since when no publisher is there. */
  get interruptedSinceMs(): number | undefined {
    return this.life.interruptedSinceMs;
  }

  get publisher(): PublisherRun | undefined {
    return this.run;
  }

  /** Repairs of the publishers' time and frames that could not be placed, over all connections. */
  get repairs(): RepairFigures {
    return this.pastRepairs.figures(this.run);
  }

  /** Stream time of this moment, ms. */
  nowMs(): number {
    return this.options.clock.monotonicMs() - this.originMs;
  }

  /** A publisher takes over: whoever was there before is told and closed. `keyId`: of the key it came with, if any. */
  attach(connection: PublisherConnection, keyId?: string): Publication {
    const before = this.run;
    this.newestKeyId = keyId;
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
      fail: (error) => this.publisherFailed(run, error),
    };
  }

  /** Ends the broadcast for good; the publisher is told why. */
  stop(reason: 'operator' | 'key_revoked'): void {
    if (this.hasEnded) return;
    this.dismiss(reason);
    if (reason === 'key_revoked') this.finish('ERROR', reason);
    else this.finish('ENDED_GRACEFULLY', this.life.isPending ? 'cancelled' : reason);
  }

  /** The publisher does what its key does not allow: it is told what, and sent away. */
  breakPolicy(error: StreamctlError): void {
    if (this.hasEnded) return;
    this.dismiss('policy', error);
    this.fail('policy', error);
  }

  /** Sends the publisher away because the server stops; the stream stays as it is and is taken up again after a restart. */
  suspend(): void {
    this.dismiss('shutdown');
    this.options.sink.interrupt();
  }

  /** To be called several times a second: gaps, grace and time-outs. */
  tick(): void {
    if (this.hasEnded) return;
    this.options.sink.tick(this.nowMs());
    const missing = this.run === undefined ? this.life.overdue : undefined;
    if (missing !== undefined) this.finish('ERROR', missing);
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
    const nowMs = this.options.clock.monotonicMs();
    const placed = timeline.place(unit, nowMs);
    if (unit.kind === 'video' || this.run?.hasVideo !== true) this.arrivals.note(placed.unit.dtsMs, nowMs);
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
    this.pastRepairs.addTimeline(run.timeline);
    const timeline = new Timeline(unit.dtsMs + unit.compositionOffsetMs, startMs);
    run.timeline = timeline;
    return timeline;
  }

  private begin(run: PublisherRun, startMs: number): void {
    const { video, audio } = run;
    run.hasVideo = video !== undefined;
    this.options.sink.begin({ startMs, ...(video && { video }), ...(audio && { audio }) });
    const type = this.life.begin();
    if (type !== undefined) this.options.onChange(this, { type, connection: run.connection });
  }

  private publisherLeft(run: PublisherRun, how: PublicationEnd): void {
    if (run !== this.run) return;
    this.leaveRun(run);
    this.run = undefined;
    if (this.life.isPending) return;
    if (how === 'goodbye') {
      this.finish('ENDED_GRACEFULLY', 'publisher');
      return;
    }
    this.options.sink.interrupt();
    if (this.life.interrupt()) this.options.onChange(this, { type: 'interrupted' });
  }

  private publisherFailed(run: PublisherRun, error: StreamctlError): void {
    if (run !== this.run) return;
    this.leaveRun(run);
    this.run = undefined;
    this.fail('input', error);
  }

  /** What viewers have seen ends. Before that, whoever publishes next may do better. */
  private fail(reason: 'policy' | 'input', error: StreamctlError): void {
    if (this.life.isPending) this.options.onChange(this, { type: 'refused', error });
    else this.finish('ERROR', reason, error);
  }

  private dismiss(reason: PublisherDismissal, error?: StreamctlError): void {
    const { run } = this;
    if (run === undefined) return;
    this.leaveRun(run);
    this.run = undefined;
    run.connection.dismiss(reason, error);
  }

  private leaveRun(run: PublisherRun): void {
    run.takeHeldAudio(Number.POSITIVE_INFINITY);
    this.pastRepairs.add(run);
  }

  private finish(state: StreamState, reason: StreamEndReason, error?: StreamctlError): void {
    this.life.end(state, reason);
    this.options.sink.end();
    this.options.onChange(this, { type: 'ended', state, reason, ...(error && { error }) });
  }
}
