import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { LeadSink, MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';
import { copyOf } from './held-media.ts';

interface WaitingFrame {
  readonly rung: string;
  readonly config: VideoConfig | undefined;
  readonly unit: AccessUnit;
}

/** Times of stream time are exact, but for rounding. */
const roundingMs = 2;
/** Sound that comes this much before the first picture belongs to it. */
const soundLeadMs = 50;
/** Sound is kept this long for a first picture to come. */
const maxSoundMs = 5000;
/** Frames of other rungs that wait for the leading one: a second or so, they come from the same process. */
const maxWaitingFrames = 240;
/** Where frames are on their way, no gap is listed before it must be: 1.5 segments after the one before, less a moment. */
const listingRatio = 1.45;
/** Frames have come of late: others are on their way. */
const freshMs = 500;
/** Frames of the source that are kept while there is no ffmpeg yet: a GOP of ten seconds. */
const maxEarlyFrames = 600;

/**
 * A rung in the place of the source. Its frames come through ffmpeg: a beginning is told of when the first one is there, until then the
 * sound waits; and frames of other rungs, which may be ahead by a breath, wait for it. When it stays away, time passes in gaps,
 * and it goes on behind them with a keyframe that all rungs have.
 */
export class LeadingRung {
  readonly name: string;
  private readonly sink: MediaSink & RungSink & LeadSink;
  private readonly segmentMs: number;
  private config: VideoConfig | undefined;
  private audio: AudioConfig | undefined;
  /** A beginning that waits for its first picture. */
  private start: MediaStart | undefined;
  private sound: AccessUnit[] = [];
  /** The sink has been told of a beginning, and of no end yet. */
  private isOpen = false;
  private runs = 0;
  private reachedMs = Number.NEGATIVE_INFINITY;
  private sourceMs = Number.NEGATIVE_INFINITY;
  private nowMs = 0;
  /** When its newest frame came. */
  private arrivedMs = Number.NEGATIVE_INFINITY;
  private early: AccessUnit[] | undefined = [];
  private readonly configs = new Map<string, VideoConfig>();
  private readonly waiting: WaitingFrame[] = [];

  /** `segmentMs`: the distance of keyframes. */
  constructor(name: string, sink: MediaSink & RungSink & LeadSink, segmentMs: number) {
    this.name = name;
    this.sink = sink;
    this.segmentMs = segmentMs;
  }

  /** The publisher too has been away: only then does the source have to begin anew behind the gaps. */
  get isGapping(): boolean {
    return this.sink.isGapping && this.sourceMs < this.sink.endMs - 1000;
  }

  begin(start: MediaStart, sound: readonly AccessUnit[] = []): void {
    this.runs++;
    this.start = start;
    this.sourceMs = start.startMs;
    this.audio = start.audio;
    this.sound = [...sound];
  }

  /** The publisher is gone; `drained` when all that was inside ffmpeg has come out. */
  interrupt(drained: Promise<void>): void {
    const run = ++this.runs;
    this.start = undefined;
    this.sound = [];
    void drained.then(() => {
      if (run === this.runs) this.close();
    });
  }

  /** It will not come any more: the beginning that waited for it, if one did. */
  release(): MediaStart | undefined {
    this.runs++;
    return this.start;
  }

  private close(): void {
    this.isOpen = false;
    this.sink.interrupt();
  }

  /** The moment up to which gaps may be listed: they end where frames that are on their way begin, as far as they come in time. */
  presentMs(nowMs: number): number {
    const { start, sink } = this;
    this.nowMs = nowMs;
    const isResuming = sink.isGapping && nowMs - this.arrivedMs < freshMs;
    const untilMs = start?.startMs ?? (isResuming ? sink.endMs : nowMs);
    const isTooLate = nowMs - sink.endMs > listingRatio * this.segmentMs;
    return isTooLate ? nowMs : Math.min(nowMs, Math.max(untilMs, sink.endMs));
  }

  /** A frame of the source, on its way to ffmpeg. */
  passed(unit: AccessUnit): void {
    this.sourceMs = unit.dtsMs;
    const { early } = this;
    if (early === undefined) return;
    if (unit.isSync || early.length >= maxEarlyFrames) early.length = 0;
    if (unit.isSync || early.length > 0) early.push(copyOf(unit));
  }

  /** Frames of the source since its newest keyframe, which came before there was anybody to make rungs of them. From now on there is. */
  takeEarly(): readonly AccessUnit[] {
    const early = this.early ?? [];
    this.early = undefined;
    return early;
  }

  configureSound(config: AudioConfig): void {
    this.audio = config;
    if (this.start === undefined) this.sink.configure(config);
    else this.sound = [];
  }

  accessSound(unit: AccessUnit): void {
    if (this.start === undefined) {
      this.sink.accessUnit(unit);
      return;
    }
    this.sound.push(copyOf(unit));
    if (unit.dtsMs - this.sound[0]!.dtsMs > maxSoundMs) this.sound.shift();
  }

  markDiscontinuity(): void {
    if (this.start === undefined) this.sink.markDiscontinuity();
  }

  configure(rung: string, config: VideoConfig): void {
    if (rung !== this.name) {
      this.configs.set(rung, config);
      return;
    }
    this.config = config;
    if (this.isOpen && this.start === undefined && !this.sink.isGapping) this.sink.configure(config);
  }

  /** `isShared`: a keyframe that all rungs have. */
  accessUnit(rung: string, unit: AccessUnit, isShared: boolean): void {
    if (rung === this.name) {
      this.arrivedMs = this.nowMs;
      this.lead(unit, isShared);
      this.reachedMs = ptsOf(unit);
      this.follow();
      return;
    }
    const config = this.configs.get(rung);
    this.configs.delete(rung);
    if (this.waiting.length === 0 && ptsOf(unit) <= this.reachedMs) {
      this.hand({ rung, config, unit });
      return;
    }
    this.waiting.push({ rung, config, unit: copyOf(unit) });
    if (this.waiting.length > maxWaitingFrames) this.hand(this.waiting.shift()!);
  }

  private lead(unit: AccessUnit, isShared: boolean): void {
    const { sink, start } = this;
    const ptsMs = ptsOf(unit);
    const isOfBefore = start !== undefined && ptsMs < start.startMs - roundingMs;
    if (isOfBefore ? this.isOpen : this.isOpen && start === undefined && !sink.isGapping) {
      sink.leadAccessUnit(unit, isShared);
      return;
    }
    if (isOfBefore || !isShared || ptsMs < sink.endMs - roundingMs) return;
    sink.begin({ ...start, startMs: ptsMs, video: this.config!, ...(this.audio && { audio: this.audio }) });
    sink.leadAccessUnit(unit, true);
    this.isOpen = true;
    this.start = undefined;
    for (const sound of this.sound.splice(0)) {
      if (sound.dtsMs >= unit.dtsMs - soundLeadMs) sink.accessUnit(sound);
    }
  }

  /** Frames of others up to where the leading rung is now. */
  private follow(): void {
    while (this.waiting[0] !== undefined && ptsOf(this.waiting[0].unit) <= this.reachedMs)
      this.hand(this.waiting.shift()!);
  }

  private hand({ rung, config, unit }: WaitingFrame): void {
    if (config !== undefined) this.sink.configureRung(rung, config);
    this.sink.rungAccessUnit(rung, unit);
  }
}

function ptsOf({ dtsMs, compositionOffsetMs }: AccessUnit): number {
  return dtsMs + compositionOffsetMs;
}
