import type { AccessUnit, VideoConfig } from '../../src/media/track.ts';
import { Broadcast, type BroadcastOptions, videoConfig } from './broadcast.ts';

/** A rung's own encoding, told apart by its level. */
export function rungConfig(heightPixels: number, level = 0x1f): VideoConfig {
  const record = Uint8Array.from(videoConfig.record);
  record[3] = level;
  return { ...videoConfig, codecString: `avc1.6400${level.toString(16)}`, record, heightPixels };
}

export interface EncoderOptions {
  readonly lagMs?: number;
  readonly config?: VideoConfig;
  /** Leaves frames out that come within 30 ms, but no keyframe. */
  readonly halfRate?: boolean;
  /** Encodes with two B-frames itself. */
  readonly bFrames?: boolean;
}

/**
 * What ffmpeg makes of the source, without ffmpeg: decodes, so frames leave in order of presentation, and encodes each with its
 * presentation time and keyframes where the source has them.
 */
export class RungEncoder {
  readonly name: string;
  /** It hangs: its frames do not come, and are kept for `restart`. */
  isStalled = false;
  private config: VideoConfig;
  private readonly lagMs: number;
  private readonly missed: AccessUnit[] = [];
  private readonly broadcast: Broadcast;
  private readonly options: EncoderOptions;
  private readonly decoding: AccessUnit[] = [];
  private readonly miniGop: AccessUnit[] = [];
  private readonly sent: AccessUnit[] = [];
  private hasStarted = false;
  private beginsWithKeyframe = false;
  private nextAtMs = 0;
  private lastPtsMs = 0;
  private lastDtsMs = 0;

  constructor(broadcast: Broadcast, name: string, options: EncoderOptions = {}) {
    this.broadcast = broadcast;
    this.name = name;
    this.options = options;
    this.lagMs = options.lagMs ?? 40;
    this.config = options.config ?? rungConfig(360);
  }

  /** A frame of the source, on stream time. */
  feed(unit: AccessUnit): void {
    const frame = { ...unit, data: unit.data.slice() };
    if (frame.isSync) this.flush();
    this.decoding.push(frame);
    this.decoding.sort((a, b) => ptsOf(a) - ptsOf(b));
    // No frame to come can be shown before it is decoded.
    while (this.decoding[0] !== undefined && ptsOf(this.decoding[0]) <= frame.dtsMs)
      this.encode(this.decoding.shift()!);
  }

  /** No more input for now: what is being decoded leaves. */
  flush(): void {
    for (const frame of this.decoding.splice(0)) this.encode(frame);
    for (const frame of this.miniGop.splice(0)) this.send(frame, ptsOf(frame) - 34);
  }

  /** A new process in its place, which is given the same frames again: goes on behind the last that came, with a keyframe. */
  restart(): void {
    this.isStalled = false;
    this.reconfigure();
    for (const [index, unit] of this.missed.splice(0).entries())
      this.deliver(index === 0 ? { ...unit, isSync: true } : unit);
  }

  /** A new process in its place, from the frames that come on: the first is a keyframe, wherever it is. */
  begin(): void {
    this.isStalled = false;
    this.missed.length = 0;
    this.reconfigure();
    this.beginsWithKeyframe = true;
  }

  /** The next frame comes with a configuration. */
  reconfigure(config = this.config): void {
    this.config = config;
    this.hasStarted = false;
  }

  /** Hands the newest frames in once more. */
  repeat(count: number): void {
    for (const unit of this.sent.slice(-count)) this.broadcast.packager.rungAccessUnit(this.name, unit);
  }

  private encode(frame: AccessUnit): void {
    if (this.options.halfRate && !frame.isSync && ptsOf(frame) - this.lastPtsMs < 30) return;
    this.lastPtsMs = ptsOf(frame);
    if (!this.options.bFrames) {
      this.send(frame, ptsOf(frame));
      return;
    }
    if (frame.isSync) {
      this.send(frame, ptsOf(frame) - 34);
      return;
    }
    this.miniGop.push(frame);
    if (this.miniGop.length < 3) return;
    const [first, second, reference] = this.miniGop.splice(0);
    this.send(reference!, ptsOf(first!) - 34);
    this.send(first!, ptsOf(second!) - 34);
    this.send(second!, ptsOf(reference!) - 34);
  }

  private send(frame: AccessUnit, wantedDtsMs: number): void {
    const dtsMs = this.options.bFrames ? Math.max(wantedDtsMs, this.lastDtsMs + 1) : wantedDtsMs;
    this.lastDtsMs = dtsMs;
    const unit: AccessUnit = { ...frame, dtsMs, compositionOffsetMs: ptsOf(frame) - dtsMs };
    const { clock } = this.broadcast;
    const atMs = Math.max(this.nextAtMs, clock.monotonicMs() + this.lagMs);
    this.nextAtMs = atMs;
    clock.after(atMs - clock.monotonicMs(), () => this.deliver(unit));
  }

  private deliver(made: AccessUnit): void {
    const unit = this.beginsWithKeyframe ? { ...made, isSync: true } : made;
    if (this.isStalled) {
      this.missed.push(unit);
      return;
    }
    const { packager } = this.broadcast;
    this.beginsWithKeyframe = false;
    if (!this.hasStarted) packager.configureRung(this.name, this.config);
    this.hasStarted = true;
    packager.rungAccessUnit(this.name, unit);
    this.sent.push(unit);
  }
}

/** A broadcast with encoders that hang on its source. */
export class TranscodedBroadcast extends Broadcast {
  readonly encoders: RungEncoder[];
  /** The source since its newest keyframe, on stream time. */
  private readonly gop: AccessUnit[];

  constructor(options: BroadcastOptions = {}) {
    const encoders: RungEncoder[] = [];
    const gop: AccessUnit[] = [];
    super({
      ...options,
      onUnit: (unit) => {
        if (unit.kind === 'audio') return;
        if (unit.isSync) gop.length = 0;
        gop.push({ ...unit, data: unit.data.slice() });
        for (const encoder of encoders) encoder.feed(unit);
      },
    });
    this.encoders = encoders;
    this.gop = gop;
  }

  /** Plans the rung and starts its encoder: with what comes, or with the GOP that is being sent. */
  encode(name: string, options: EncoderOptions & { readonly fromGop?: boolean } = {}): RungEncoder {
    const encoder = new RungEncoder(this, name, options);
    this.packager.addRung(name);
    this.encoders.push(encoder);
    if (!options.fromGop) encoder.begin();
    else for (const unit of this.gop) encoder.feed(unit);
    return encoder;
  }

  /** The source has nothing more: lets the encoders come to their end. */
  drain(): void {
    for (const encoder of this.encoders) encoder.flush();
    this.clock.advance(400);
  }
}

export function ptsOf(unit: AccessUnit): number {
  return unit.dtsMs + unit.compositionOffsetMs;
}
