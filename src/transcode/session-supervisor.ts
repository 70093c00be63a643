import type { Clock } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { EncoderName } from './encoder-options.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import type { FfmpegExit } from './ffmpeg-process.ts';
import type { CachedFrame } from './gop-cache.ts';
import type { KeyframeGrid } from './keyframe-grid.ts';
import { type PlannedRung, thumbnailSize } from './ladder.ts';
import { isSameLadder, LadderDemand, type WantedLadder } from './ladder-demand.ts';
import { Recovery } from './recovery.ts';
import { replayOf } from './replay.ts';
import { RungTable } from './rung-table.ts';
import { failureOf, type SessionFailure } from './session-failure.ts';
import { SessionFeed } from './session-feed.ts';
import { SessionLog } from './session-log.ts';
import { type SessionRung, sessionRungs } from './session-rungs.ts';
import { SourceFrames } from './source-frames.ts';
import {
  type TranscodeListener,
  type TranscoderState,
  type TranscodeStats,
  transcoderTransitions,
} from './transcode-listener.ts';
import { TranscodeSession } from './transcode-session.ts';

export interface SessionSupervisorOptions {
  readonly ffmpeg: Ffmpeg;
  readonly encoder: EncoderName;
  /** Distance of keyframes where they are on a grid. */
  readonly keyframeGridMs: number;
  /** Size of the JPEG that is made of every keyframe; absent: none is. */
  readonly thumbnailShortSidePixels?: number;
  readonly clock: Clock;
  readonly listener: TranscodeListener;
}

/**
 * The ladder of one broadcast: one ffmpeg after the other makes what is wanted of the source's frames, each going on where the one
 * before ended. It acts when frames arrive, when ffmpeg says something and when a back-off is over; nothing else runs.
 */
export class SessionSupervisor {
  private readonly options: SessionSupervisorOptions;
  private readonly demand = new LadderDemand();
  private readonly source: SourceFrames;
  private readonly feed: SessionFeed;
  private readonly recovery: Recovery;
  private readonly rungs: RungTable;
  private readonly log: SessionLog;
  private starts = 0;
  private failures = 0;
  private encoder: EncoderName;
  private state: TranscoderState = 'IDLE';
  private session: { readonly run: TranscodeSession; readonly ladder: WantedLadder } | undefined;
  private ended: Promise<void> = Promise.resolve();
  private cancelRetry: () => void = () => {};
  private speed: number | undefined;

  constructor(options: SessionSupervisorOptions) {
    this.options = options;
    this.encoder = options.encoder;
    this.source = new SourceFrames(options.keyframeGridMs);
    this.rungs = new RungTable(options.listener);
    this.feed = new SessionFeed(options.clock, this.demand, options.listener);
    this.recovery = new Recovery(options.clock, options.listener);
    this.log = new SessionLog(options.clock, options.listener);
  }

  /**
   * What the following frames are encoded with; the same again changes nothing. After a change what was wanted is void: the old
   * ladder is completed, and a new one made once `want` says which.
   */
  configure(config: VideoConfig): void {
    if (!this.source.configure(config)) return;
    this.demand.forget();
    void this.interrupt();
  }

  /**
   * The ladder from now on; the same again changes nothing, and rungs that stay go on without a gap. Until the first call for a
   * source its frames are kept, so that the rungs begin where the source began.
   */
  want(ladder: WantedLadder): void {
    this.demand.want(ladder);
    this.reconcile();
  }

  /**
   * A rung may be wanted at any moment, and is to begin with the keyframe shown at `fromMs` or the next one: frames from there on are
   * kept although nothing is made. To be said again before each keyframe.
   */
  hold(fromMs: number): void {
    this.source.heldFromMs = fromMs;
  }

  /** A frame of the source, in stream time, in decode order. Audio is passed over. The bytes are only lent for the call. */
  accessUnit(unit: AccessUnit): void {
    const { source } = this;
    if (unit.kind !== 'video' || source.config === undefined) return;
    if (this.isResting && source.heldFromMs === undefined) {
      source.cache.clear();
      return;
    }
    if (unit.isSync) this.releaseFrames();
    const frame = source.add(unit);
    if (frame.isSync && this.isResting) source.release(Number.POSITIVE_INFINITY);
    if (this.session !== undefined && this.state !== 'STOPPING') this.give(this.session.run, frame, source.config);
    else if (this.demand.ladder.rungs.length > 0) this.reconcile();
  }

  /** The source has stopped: what is inside ffmpeg comes out, and when that is done it resolves. It goes on with the next keyframe. */
  async interrupt(): Promise<void> {
    this.source.forget();
    this.recovery.forget();
    if (this.session !== undefined) this.endSession('complete');
    else this.reconcile();
    await this.ended;
  }

  /**
   * Everything is made anew, of these frames and those that follow, as though nothing had come out yet: another ladder is wanted for a
   * beginning that nobody has seen.
   */
  beginAnew(frames: readonly AccessUnit[]): void {
    this.source.forget();
    this.recovery.forget();
    this.demand.forget();
    this.rungs.forget();
    for (const frame of frames) this.source.add(frame);
    if (this.session === undefined || this.state === 'STOPPING') return;
    this.session.run.kill(new Error('it is begun anew'));
    this.endSession('complete');
  }

  /** Lets out what is inside ffmpeg and ends it, within a second. May be called twice. */
  async stop(): Promise<void> {
    this.demand.wantNothing();
    await this.interrupt();
  }

  stats(): TranscodeStats {
    const { session, state, encoder, starts, failures, speed } = this;
    const { framesFed, framesDropped, stalls } = this.feed;
    const lagOf = (name: string) => {
      const index = session?.ladder.rungs.findIndex((rung) => rung.name === name) ?? -1;
      return index === -1 ? 0 : session!.run.lagMs(index);
    };
    return {
      state,
      encoder,
      ...{ framesFed, framesDropped, starts, failures, stalls },
      damagedFrames: this.log.damagedFrames,
      backlogBytes: session?.run.backlogBytes ?? 0,
      speed,
      rungs: this.rungs.stats(lagOf),
    };
  }

  /** Of the ffmpeg that runs. */
  get pid(): number | undefined {
    return this.session?.run.pid;
  }

  /** Nothing is made, and nothing is wanted of the frames that come now. */
  private get isResting(): boolean {
    return this.session === undefined && this.demand.isKnown && this.demand.ladder.rungs.length === 0;
  }

  private enter(state: TranscoderState): void {
    const allowed: readonly TranscoderState[] = transcoderTransitions[this.state];
    if (!allowed.includes(state)) throw new Error(`a transcoder does not go from ${this.state} to ${state}`);
    this.state = state;
  }

  /** Takes the next step from what is observed to what is wanted. */
  private reconcile(): void {
    const { ladder } = this.demand;
    switch (this.state) {
      case 'IDLE':
        this.rungs.want(ladder.rungs, (name) => this.demand.whyNot(name));
        if (ladder.rungs.length > 0) this.start(ladder);
        break;
      case 'STARTING':
      case 'RUNNING':
        if (this.session !== undefined && !isSameLadder(this.session.ladder, ladder)) this.endSession('handOver');
        break;
      case 'BACKING_OFF':
      case 'DEGRADED':
        if (ladder.rungs.length === 0) this.retry();
        break;
      case 'STOPPING':
        break;
      default:
        assertNever(this.state);
    }
  }

  private start(ladder: WantedLadder): void {
    const { cache, config, heldFromMs } = this.source;
    if (cache.frames.length === 0 || config === undefined) return;
    const rungs = sessionRungs(ladder.rungs, this.rungs, cache, heldFromMs);
    if (rungs === undefined) return;
    this.enter('STARTING');
    this.log.begin();
    this.starts++;
    const wantedFromMs = Math.min(...rungs.map((rung) => rung.firstPtsMs));
    const replay = replayOf(cache.frames, wantedFromMs, config.codec);
    this.feed.begin(replay.length, cache);
    try {
      this.session = { run: this.open(config, ladder, rungs, replay), ladder };
    } catch (error) {
      this.fail({ reason: 'not_started', why: String(error) });
    }
  }

  private open(
    config: VideoConfig,
    ladder: WantedLadder,
    rungs: readonly SessionRung[],
    replay: readonly CachedFrame[],
  ): TranscodeSession {
    const { ffmpeg, clock, thumbnailShortSidePixels: thumbnailSide } = this.options;
    const grid = this.source.gridOf(ladder);
    return new TranscodeSession({
      ...{ ffmpeg, encoder: this.encoder, config, sourceFps: ladder.sourceFps, rungs, replay, clock },
      keyframeGrid: grid,
      thumbnail: thumbnailSide === undefined ? undefined : thumbnailSize(config, thumbnailSide),
      listener: {
        rungConfig: (index, rungConfig) => this.rungs.config(ladder.rungs[index]!, rungConfig),
        rungFrame: (index, unit) => this.take(ladder.rungs[index]!, unit, grid),
        thumbnail: (jpeg) => this.options.listener.thumbnail(jpeg),
        progress: ({ speed }) => {
          this.speed = speed;
        },
        logLine: (line) => this.log.take(line),
        exited: (exit) => this.sessionExited(exit),
      },
    });
  }

  /** A GOP ends. What is before the slowest rung will not be decoded again. */
  private releaseFrames(): void {
    if (!this.demand.isKnown) return;
    const { rungs } = this.demand.ladder;
    if (this.isResting) return;
    if (rungs.length === 0 || this.state === 'DEGRADED') this.source.cache.clear();
    else this.source.release(this.rungs.slowestMs(rungs));
  }

  private give(run: TranscodeSession, frame: CachedFrame, { codec }: VideoConfig): void {
    const outcome = this.feed.give(run, frame, codec);
    if (outcome === 'used-up') this.endSession('handOver');
    if (outcome === 'ladder-changed') this.reconcile();
    if (outcome === 'ladder-changed' || outcome === 'sampled') this.options.listener.counters(this.stats());
  }

  private take(rung: PlannedRung, unit: AccessUnit, grid: KeyframeGrid | undefined): void {
    if (this.state === 'STARTING') {
      this.enter('RUNNING');
      this.source.delivered();
      this.recovery.delivered(unit.dtsMs + unit.compositionOffsetMs);
    }
    this.rungs.frame(rung.name, unit, grid);
  }

  private endSession(how: 'complete' | 'handOver'): void {
    if (this.session === undefined || this.state === 'STOPPING') return;
    this.enter('STOPPING');
    this.ended = this.session.run[how]();
  }

  private sessionExited(exit: FfmpegExit): void {
    const hasDelivered = this.state === 'RUNNING';
    this.session = undefined;
    this.speed = undefined;
    if (this.state !== 'STOPPING') {
      if (!hasDelivered) this.source.failedToBegin(exit);
      this.fail(failureOf(exit, hasDelivered, this.log.complaint));
      return;
    }
    this.enter('IDLE');
    this.reconcile();
  }

  private fail(failure: SessionFailure): void {
    this.failures++;
    if (failure.reason === 'not_started' && this.encoder !== 'x264') this.replaceEncoder(failure.why);
    else this.backOff(failure);
  }

  /** A device that does not begin has no room, or is gone: the processor encodes in its place, from now on and at once. */
  private replaceEncoder(why: string): void {
    const from = this.encoder;
    this.encoder = 'x264';
    this.options.listener.notice({ type: 'encoder-replaced', from, to: this.encoder, why });
    this.rungs.recover(why);
    this.enter('BACKING_OFF');
    this.retry();
  }

  private backOff(failure: SessionFailure): void {
    const { why } = failure;
    const reachedMs = this.rungs.slowestMs(this.demand.ladder.rungs);
    const { retryInMs, isDegraded } = this.recovery.failed(failure, reachedMs);
    this.enter(isDegraded ? 'DEGRADED' : 'BACKING_OFF');
    if (isDegraded) this.rungs.withdrawAll(why);
    else this.rungs.recover(why);
    if (retryInMs === 0) this.retry();
    else this.cancelRetry = this.options.clock.after(retryInMs, () => this.retry());
  }

  private retry(): void {
    this.cancelRetry();
    this.enter('IDLE');
    this.reconcile();
  }
}
