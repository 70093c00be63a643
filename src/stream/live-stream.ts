import type { Clock } from '../base/clock.ts';
import type { StreamctlError } from '../base/errors.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import { FrameArrivals } from './frame-arrivals.ts';
import { FramePlacement } from './frame-placement.ts';
import type { MediaSink } from './media-sink.ts';
import type { Publication, PublicationEnd, PublisherConnection, PublisherDismissal } from './publication.ts';
import { PublisherRun } from './publisher-run.ts';
import type { StreamChange } from './stream-change.ts';
import { StreamLife } from './stream-life.ts';
import { type RepairFigures, StreamRepairs } from './stream-repairs.ts';

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
  private readonly placement: FramePlacement;
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
    this.placement = new FramePlacement({
      ...{ clock, sink: options.sink, arrivals: this.arrivals, pastRepairs: this.pastRepairs },
      nowMs: () => this.nowMs(),
      onBegin: (run) => this.begun(run),
    });
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
    this.placement.receive(run, unit);
  }

  private begun(run: PublisherRun): void {
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
