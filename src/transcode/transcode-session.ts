import type { Clock } from '../base/clock.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { buildTranscodeArgs } from './command.ts';
import type { EncoderName } from './encoder-options.ts';
import { createFeed, type Feed } from './feed-writer.ts';
import { type FfmpegLogLine, readLogLine } from './ffmpeg-log.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { type FfmpegExit, FfmpegProcess } from './ffmpeg-process.ts';
import { type FfmpegProgress, ProgressReader } from './ffmpeg-progress.ts';
import type { CachedFrame } from './gop-cache.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import type { KeyframeGrid } from './keyframe-grid.ts';
import type { PlannedRung } from './ladder.ts';
import { isInterlaced } from './passthrough.ts';
import type { SessionRung } from './session-rungs.ts';
import { SessionTime, sessionTimeLimitMs } from './session-time.ts';
import { StallWatch } from './stall-watch.ts';
import { TakeBack } from './take-back.ts';

/** Rungs by their place in `rungs`; times are stream time. */
export interface TranscodeSessionListener {
  rungConfig(index: number, config: VideoConfig): void;
  rungFrame(index: number, unit: AccessUnit): void;
  thumbnail(jpeg: Uint8Array<ArrayBuffer>): void;
  progress(progress: FfmpegProgress): void;
  logLine(line: FfmpegLogLine): void;
  /** The last call. */
  exited(exit: FfmpegExit): void;
}

export interface TranscodeSessionOptions {
  readonly ffmpeg: Ffmpeg;
  readonly encoder: EncoderName;
  readonly config: VideoConfig;
  readonly sourceFps: number;
  readonly rungs: readonly SessionRung[];
  /** From a keyframe on: what is decoded first. At least one. */
  readonly replay: readonly CachedFrame[];
  /** Keyframes on a grid in stream time. */
  readonly keyframeGrid: KeyframeGrid | undefined;
  readonly thumbnail: { readonly widthPixels: number; readonly heightPixels: number } | undefined;
  readonly clock: Clock;
  readonly listener: TranscodeSessionListener;
}

/** Frames further apart than this have a hole between them. */
const holeMs = 1000;
/** To start, on a machine that is busy; besides as long as the replayed media last. */
const startLimitMs = 5000;

/** One ffmpeg from its start to its exit: frames in, rungs out. */
export class TranscodeSession {
  /** Newest PTS of each rung, stream time. */
  private readonly newestGotMs: number[];
  private newestFedMs = Number.NEGATIVE_INFINITY;
  private newestFedDtsMs = Number.NEGATIVE_INFINITY;
  /** Behind a hole in the source, what was before it is no lag. */
  private holeEndMs = Number.NEGATIVE_INFINITY;
  private readonly options: TranscodeSessionOptions;
  private readonly time: SessionTime;
  private readonly feed: Feed;
  private readonly process: FfmpegProcess;
  private readonly stall: StallWatch;
  private lastDtsMs = 0;
  private acceptedUpToMs = Number.POSITIVE_INFINITY;
  private isKilled = false;

  /** Throws when no process can be made. */
  constructor(options: TranscodeSessionOptions) {
    this.options = options;
    const { config, sourceFps, rungs, replay } = options;
    const [first] = replay;
    this.time = new SessionTime(first!.dtsMs);
    this.feed = createFeed(config, sourceFps);
    this.newestGotMs = rungs.map(() => first!.ptsMs);
    this.stall = new StallWatch(startLimitMs + replay.at(-1)!.dtsMs - first!.dtsMs);
    this.process = this.start();
    this.process.write(this.feed.header());
    for (const frame of replay) this.write(frame);
  }

  get backlogBytes(): number {
    return this.process.backlogBytes;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Whether a session should begin anew with this frame, because timestamps are used up. */
  isUsedUp(frame: CachedFrame): boolean {
    return this.time.fromStream(frame.dtsMs) >= sessionTimeLimitMs;
  }

  /** Newest PTS fed less newest PTS got back, ms. */
  lagMs(index: number): number {
    return Math.max(0, this.newestFedMs - Math.max(this.newestGotMs[index]!, this.holeEndMs));
  }

  /** Of the rung that is furthest behind. */
  get worstLagMs(): number {
    return Math.max(0, this.newestFedMs - Math.max(slowest(this.newestGotMs), this.holeEndMs));
  }

  /** Whether it takes frames and gives none. Only what is written to it can tell. */
  isStalled(nowMs: number): boolean {
    return !this.isKilled && this.stall.isStalled(nowMs, this.process.pid);
  }

  /** Decode times must grow. */
  write(frame: CachedFrame): void {
    const { isSync, data } = frame;
    const dtsMs = Math.max(this.time.fromStream(frame.dtsMs), this.lastDtsMs + 1);
    this.lastDtsMs = dtsMs;
    this.process.write(this.feed.frame({ dtsMs, ptsMs: this.time.remember(frame.ptsMs), isSync, data }));
    if (frame.dtsMs - this.newestFedDtsMs > holeMs) this.holeEndMs = frame.ptsMs;
    this.newestFedDtsMs = frame.dtsMs;
    this.newestFedMs = Math.max(this.newestFedMs, frame.ptsMs);
    this.stall.fed(this.options.clock.monotonicMs());
  }

  /** Lets out what is inside, then ends. */
  complete(): Promise<void> {
    return this.process.stop();
  }

  /**
   * Ends for another session to go on. What is inside comes out, but no frame that could be shown behind one that was not fed:
   * at the end of its input a decoder lets out reference frames before the B-frames that belong between them.
   */
  handOver(): Promise<void> {
    this.acceptedUpToMs = this.newestFedDtsMs;
    return this.process.stop();
  }

  kill(cause: Error): void {
    this.isKilled = true;
    this.process.kill(cause);
  }

  private start(): FfmpegProcess {
    const { ffmpeg, rungs, thumbnail, clock, listener } = this.options;
    const takeBacks = rungs.map(({ rung }, index) => this.takeBack(rung, index));
    const jpegs = new JpegSplitter((jpeg) => listener.thumbnail(jpeg));
    const progress = new ProgressReader((report) => listener.progress(report));
    return new FfmpegProcess({
      path: ffmpeg.path,
      args: this.args(),
      outputCount: rungs.length + (thumbnail === undefined ? 0 : 1),
      clock,
      listener: {
        output: (index, bytes) => {
          const takeBack = takeBacks[index];
          if (takeBack === undefined) jpegs.push(bytes);
          else takeBack.push(bytes);
        },
        progressLine: (line) => progress.line(line),
        logLine: (line) => listener.logLine(readLogLine(line)),
        exited: (exit) => listener.exited(exit),
      },
    });
  }

  private args(): string[] {
    const { encoder, config, rungs, keyframeGrid, thumbnail, ffmpeg } = this.options;
    return buildTranscodeArgs({
      feedFormat: this.feed.format,
      isInterlaced: isInterlaced(config),
      encoder,
      rungs: rungs.map(({ rung, firstPtsMs }) => ({ ...rung, firstPtsMs: this.time.fromStream(firstPtsMs) })),
      keyframeGrid: keyframeGrid && { ...keyframeGrid, originMs: this.time.fromStream(keyframeGrid.originMs) },
      thumbnail,
      isBefore51: ffmpeg.isBefore51,
    });
  }

  private takeBack(rung: PlannedRung, index: number): TakeBack {
    const { listener } = this.options;
    return new TakeBack(rung.fps, {
      config: (config) => listener.rungConfig(index, config),
      frame: (sessionPtsMs, compositionOffsetMs, isSync, data) => {
        const ptsMs = this.time.toStream(sessionPtsMs);
        if (ptsMs > this.acceptedUpToMs) return;
        this.noteOutput(index, ptsMs);
        const dtsMs = ptsMs - compositionOffsetMs;
        listener.rungFrame(index, { kind: 'video', dtsMs, compositionOffsetMs, isSync, data });
      },
    });
  }

  private noteOutput(index: number, ptsMs: number): void {
    this.stall.gave();
    this.newestGotMs[index] = Math.max(this.newestGotMs[index]!, ptsMs);
    this.time.forget(slowest(this.newestGotMs));
  }
}

function slowest(timesMs: readonly number[]): number {
  let slowestMs = Number.POSITIVE_INFINITY;
  for (const timeMs of timesMs) slowestMs = Math.min(slowestMs, timeMs);
  return slowestMs;
}
