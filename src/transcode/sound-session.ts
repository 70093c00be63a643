import type { Clock } from '../base/clock.ts';
import { FlvReader } from '../media/flv/file.ts';
import { parseAudioTagBody } from '../media/flv/tag.ts';
import type { SourceAudioConfig } from '../media/track.ts';
import type { Feed } from './feed-writer.ts';
import { type FfmpegLogLine, readLogLine } from './ffmpeg-log.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { type FfmpegExit, FfmpegProcess } from './ffmpeg-process.ts';
import { SessionTime, sessionTimeLimitMs } from './session-time.ts';
import { buildSoundArgs } from './sound-command.ts';
import { createSoundFeed } from './sound-feed.ts';

/** One frame of the source's sound, kept: its own copy, in stream time. */
export interface SoundFrame {
  readonly dtsMs: number;
  readonly data: Uint8Array;
}

export interface SoundSessionOptions {
  readonly ffmpeg: Pick<Ffmpeg, 'path'>;
  readonly config: SourceAudioConfig;
  readonly bitrateBps: number;
  readonly clock: Clock;
  readonly listener: {
    /** A frame of AAC, at its stream time. `data` is valid only during the call. */
    frame(dtsMs: number, data: Uint8Array): void;
    logLine(line: FfmpegLogLine): void;
    /** The last call. */
    exited(exit: FfmpegExit): void;
  };
}

/** Nothing has come out although this much was fed, for at least this long: it hangs. */
const stallMs = 1000;
/** To start, on a machine that is busy. */
const startLimitMs = 5000;

/** One ffmpeg from its start to its exit: any sound in, AAC out. */
export class SoundSession {
  hasOutput = false;
  private readonly options: SoundSessionOptions;
  private readonly time: SessionTime;
  private readonly feed: Feed;
  private readonly reader = new FlvReader();
  private readonly process: FfmpegProcess;
  private lastDtsMs = 0;
  private newestFedMs: number;
  private newestGotMs: number;
  /** When it was first fed after it had given something. */
  private waitingSinceMs: number | undefined;

  /** Throws when no process can be made. `firstMs` is the stream time of the first frame it will be fed. */
  constructor(options: SoundSessionOptions, firstMs: number) {
    this.options = options;
    const { ffmpeg, config, bitrateBps, clock, listener } = options;
    this.time = new SessionTime(firstMs);
    this.newestFedMs = firstMs;
    this.newestGotMs = firstMs;
    this.feed = createSoundFeed(config);
    this.process = new FfmpegProcess({
      path: ffmpeg.path,
      args: buildSoundArgs({ feedFormat: this.feed.format, bitrateBps }),
      outputCount: 1,
      clock,
      listener: {
        output: (_, bytes) => this.read(bytes),
        progressLine: () => {},
        logLine: (line) => listener.logLine(readLogLine(line)),
        exited: (exit) => listener.exited(exit),
      },
    });
    this.process.write(this.feed.header());
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** How far what came out is behind what went in. */
  get lagMs(): number {
    return Math.max(0, this.newestFedMs - this.newestGotMs);
  }

  /** Whether timestamps are used up, so that another session has to go on. */
  get isUsedUp(): boolean {
    return this.lastDtsMs >= sessionTimeLimitMs;
  }

  /** Whether it takes sound and gives none. */
  isStalled(nowMs: number): boolean {
    if (this.waitingSinceMs === undefined || this.lagMs < stallMs) return false;
    return nowMs - this.waitingSinceMs >= (this.hasOutput ? stallMs : startLimitMs);
  }

  write({ dtsMs: streamMs, data }: SoundFrame): void {
    const dtsMs = Math.max(this.time.fromStream(streamMs), this.lastDtsMs + 1);
    this.lastDtsMs = dtsMs;
    this.process.write(this.feed.frame({ dtsMs, ptsMs: dtsMs, isSync: true, data }));
    this.newestFedMs = streamMs;
    this.waitingSinceMs ??= this.options.clock.monotonicMs();
  }

  /** Lets out what is inside, then ends. */
  complete(): Promise<void> {
    return this.process.stop();
  }

  kill(cause: Error): void {
    this.process.kill(cause);
  }

  private read(bytes: Uint8Array): void {
    this.reader.push(bytes);
    for (let tag = this.reader.next(); tag !== undefined; tag = this.reader.next()) {
      if (tag.type !== 'audio') continue;
      const content = parseAudioTagBody(tag.body);
      if (content.type !== 'frame') continue;
      const dtsMs = this.time.toStream(tag.timestampMs);
      this.hasOutput = true;
      this.waitingSinceMs = undefined;
      this.newestGotMs = dtsMs;
      this.options.listener.frame(dtsMs, content.data);
    }
  }
}
