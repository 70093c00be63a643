import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { AccessUnit, SourceAudioConfig } from '../media/track.ts';
import type { FfmpegLogLine } from './ffmpeg-log.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { describeExit, type FfmpegExit } from './ffmpeg-process.ts';
import { Recovery } from './recovery.ts';
import { madeSound } from './sound-command.ts';
import { type SoundFrame, SoundSession } from './sound-session.ts';
import type { TranscodeNotice } from './transcode-listener.ts';

export interface SoundTranscoderOptions {
  readonly ffmpeg: Pick<Ffmpeg, 'path'>;
  readonly bitrateBps: number;
  readonly clock: Clock;
  readonly listener: {
    /** A frame of `madeSound`, in order and in stream time. Its bytes are only lent for the call. */
    frame(unit: AccessUnit): void;
    notice(notice: TranscodeNotice): void;
  };
}

/** What is observed of the ffmpeg that makes the sound of a broadcast. */
export type SoundTranscoderState = keyof typeof soundTranscoderTransitions;

const soundTranscoderTransitions = {
  /** None runs: there is no sound to make anything of. */
  IDLE: ['RUNNING'],
  RUNNING: ['STOPPING', 'BACKING_OFF'],
  /** Its input has ended; what is inside comes out. */
  STOPPING: ['IDLE'],
  /** It failed; the next start comes in a moment. */
  BACKING_OFF: ['IDLE'],
} as const satisfies Record<string, readonly string[]>;

/** Kept for the next session, and no more: who waits longer hears silence. */
const maxKeptMs = 2500;
/** A decoder that begins anew has to hear this much before what it gives can be used. */
const prerollMs = 200;
/** Further behind, sound that has not been made yet is given up. */
const maxLagMs = 5000;
const frameMs = (1000 * madeSound.samplesPerFrame) / madeSound.sampleRateHz;

/**
 * Makes AAC of the sound of one broadcast: one small ffmpeg after the other, each going on where the one before ended. The picture
 * never waits for it. It acts when sound arrives, when ffmpeg says something and when a back-off is over.
 */
export class SoundTranscoder {
  private readonly options: SoundTranscoderOptions;
  private readonly recovery: Recovery;
  private readonly logLines: ReportCounter;
  private readonly kept: SoundFrame[] = [];
  private current: SoundTranscoderState = 'IDLE';
  private config: SourceAudioConfig | undefined;
  private session: SoundSession | undefined;
  private ended: Promise<void> = Promise.resolve();
  private cancelRetry: () => void = () => {};
  /** Where the next frame is due; what comes out before has been made already. */
  private nextMs = Number.NEGATIVE_INFINITY;
  private isDiscarding = false;
  private complaint: string | undefined;

  constructor(options: SoundTranscoderOptions) {
    this.options = options;
    this.recovery = new Recovery(options.clock, options.listener);
    this.logLines = new ReportCounter(options.clock);
  }

  get state(): SoundTranscoderState {
    return this.current;
  }

  /** Of the ffmpeg that runs. */
  get pid(): number | undefined {
    return this.session?.pid;
  }

  /** What the following sound is encoded with; the same again changes nothing. What went before comes out first. */
  configure(config: SourceAudioConfig): void {
    const before = this.config;
    this.config = config;
    if (before === undefined || isSameSound(before, config)) return;
    this.kept.length = 0;
    this.endSession();
  }

  /** Sound of the source, in stream time. Its bytes are only lent for the call. */
  accessUnit(unit: AccessUnit): void {
    const frame = { dtsMs: unit.dtsMs, data: unit.data.slice() };
    this.keep(frame);
    if (this.current === 'IDLE') this.start();
    else if (this.current === 'RUNNING') this.feed(this.session!, frame);
  }

  /** The sound that follows does not go on where this ends; what is inside is given up. */
  interrupt(): void {
    this.isDiscarding = true;
    this.forget();
    this.endSession();
  }

  /** Lets out what is inside and ends, within a second. May be called twice. */
  async stop(): Promise<void> {
    this.forget();
    this.endSession();
    await this.ended;
  }

  private forget(): void {
    this.kept.length = 0;
    this.recovery.forget();
    if (this.current === 'BACKING_OFF') this.retry();
  }

  private keep(frame: SoundFrame): void {
    this.kept.push(frame);
    this.release(frame.dtsMs - maxKeptMs);
  }

  private release(beforeMs: number): void {
    let count = 0;
    while (count < this.kept.length && this.kept[count]!.dtsMs < beforeMs) count++;
    if (count > 0) this.kept.splice(0, count);
  }

  private start(): void {
    const { config, kept } = this;
    const [first] = kept;
    if (first === undefined || config === undefined) return;
    this.enter('RUNNING');
    this.complaint = undefined;
    if (this.isDiscarding) this.nextMs = Number.NEGATIVE_INFINITY;
    this.isDiscarding = false;
    this.nextMs = Math.max(this.nextMs, first.dtsMs);
    const { ffmpeg, bitrateBps, clock } = this.options;
    const listener = {
      frame: (dtsMs: number, data: Uint8Array) => this.take(dtsMs, data),
      logLine: (line: FfmpegLogLine) => this.log(line),
      exited: (exit: FfmpegExit) => this.exited(exit),
    };
    try {
      this.session = new SoundSession({ ffmpeg, config, bitrateBps, clock, listener }, first.dtsMs);
      for (const frame of kept) this.session.write(frame);
    } catch (error) {
      this.fail(String(error));
    }
  }

  private feed(session: SoundSession, frame: SoundFrame): void {
    session.write(frame);
    if (session.isUsedUp) this.endSession();
    else if (session.isStalled(this.options.clock.monotonicMs())) {
      session.kill(new Error('no sound came out although sound went in'));
    } else if (session.lagMs > maxLagMs) {
      this.kept.length = 0;
      session.kill(new Error('it is too far behind'));
    }
  }

  private take(dtsMs: number, data: Uint8Array): void {
    if (this.isDiscarding || dtsMs < this.nextMs - frameMs / 2) return;
    this.nextMs = dtsMs + frameMs;
    this.recovery.delivered(dtsMs);
    this.release(dtsMs - prerollMs);
    this.options.listener.frame({ kind: 'audio', dtsMs, compositionOffsetMs: 0, isSync: true, data });
  }

  private endSession(): void {
    if (this.session === undefined || this.current !== 'RUNNING') return;
    this.enter('STOPPING');
    this.ended = this.session.complete();
  }

  private exited(exit: FfmpegExit): void {
    const hasDelivered = this.session?.hasOutput === true;
    this.session = undefined;
    if (this.current === 'STOPPING') {
      this.enter('IDLE');
      this.start();
      return;
    }
    if (!hasDelivered) this.kept.length = 0; // it may have choked on that
    this.fail(describeExit(exit, this.complaint));
  }

  private fail(why: string): void {
    this.enter('BACKING_OFF');
    const { retryInMs, isDegraded } = this.recovery.failed({ reason: 'exited', why }, this.nextMs - frameMs);
    if (isDegraded) this.kept.length = 0;
    if (retryInMs === 0) this.retry();
    else this.cancelRetry = this.options.clock.after(retryInMs, () => this.retry());
  }

  private retry(): void {
    this.cancelRetry();
    this.enter('IDLE');
    this.start();
  }

  private enter(state: SoundTranscoderState): void {
    const allowed: readonly SoundTranscoderState[] = soundTranscoderTransitions[this.current];
    if (!allowed.includes(state)) throw new Error(`a sound transcoder does not go from ${this.current} to ${state}`);
    this.current = state;
  }

  private log(line: FfmpegLogLine): void {
    if (line.level !== 'warning') this.complaint = line.text;
    this.logLines.count((count) => this.options.listener.notice({ type: 'log', line, count }));
  }
}

function isSameSound(a: SourceAudioConfig, b: SourceAudioConfig): boolean {
  if (a.codec === 'foreign') return b.codec === 'foreign' && a.flvSoundHeader === b.flvSoundHeader;
  return b.codec === a.codec && Buffer.compare(a.record, b.record) === 0;
}
