import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit, AudioConfig } from '../media/track.ts';
import type { PartClock } from './part-clock.ts';
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts';
import { silentFrame } from './silence.ts';

/** RTMP's milliseconds and an encoder's jitter; nothing is corrected within. */
const jitterMs = 20;
/** Beyond this a hole is filled with silence, and frames that came too many are left out. */
const holeMs = 100;

/**
 * Puts audio frames into parts on the grid of their samples: each lasts its 1024 samples, whatever the publisher's
 * millisecond clock says. When that clock and the grid drift apart the durations are slewed by 1 %, which nobody hears;
 * a real hole is filled with silence.
 */
export class AudioTrack {
  readonly writer: SegmentWriter;
  /** Frames of silence put in, and frames left out, to keep with the publisher's clock. */
  silentFrames = 0;
  surplusFrames = 0;
  private readonly partClock: PartClock;
  private frameTicks = 0;
  private silence: Uint8Array | undefined;
  private fractionTicks = 0;
  private slew: -1 | 0 | 1 = 0;

  constructor(options: SegmentWriterOptions, partClock: PartClock, config: AudioConfig) {
    this.writer = new SegmentWriter(options);
    this.partClock = partClock;
    this.configure(config);
  }

  /** The rendition keeps its timescale when the sampling rate changes: the frame duration follows, exact in the long run. */
  configure(config: AudioConfig): void {
    this.frameTicks = (config.samplesPerFrame * this.writer.timescale) / config.sampleRateHz;
    this.silence = silentFrame(config);
  }

  get canBeSilent(): boolean {
    return this.silence !== undefined;
  }

  /** Starts a run of frames at a stream time. */
  begin(startMs: number): void {
    this.writer.decodeTicks = ticksFromMs(startMs, this.writer.timescale);
    this.fractionTicks = 0;
    this.slew = 0;
  }

  /** How far the grid has come, in stream time. */
  get endMs(): number {
    return msFromTicks(this.writer.decodeTicks, this.writer.timescale);
  }

  get frameMs(): number {
    return msFromTicks(this.frameTicks, this.writer.timescale);
  }

  /** How far the frame stands from where the grid would put it, ms; positive: there is a hole before it. */
  errorMs(unit: AccessUnit): number {
    return unit.dtsMs - this.endMs;
  }

  /** Whether the hole before this frame is one to fill rather than to slew over. */
  isHole(errorMs: number): boolean {
    return errorMs > holeMs;
  }

  add(unit: AccessUnit): void {
    const errorMs = this.errorMs(unit);
    if (errorMs < -holeMs) {
      this.surplusFrames++;
      return;
    }
    if (this.slew === 0 && Math.abs(errorMs) > jitterMs) this.slew = errorMs > 0 ? 1 : -1;
    else if (this.slew !== 0 && errorMs * this.slew <= jitterMs / 4) this.slew = 0;
    this.put(unit.data, this.slew * Math.round(this.frameTicks / 100));
  }

  addSilence(): void {
    if (this.silence === undefined) return;
    this.silentFrames++;
    this.put(this.silence, 0);
  }

  private put(data: Uint8Array, correctionTicks: number): void {
    const { writer } = this;
    const exactTicks = this.frameTicks + this.fractionTicks;
    const durationTicks = Math.round(exactTicks);
    this.fractionTicks = exactTicks - durationTicks;
    writer.add(data, durationTicks + correctionTicks, 0, true);
    const targetTicks = ticksFromMs(this.partClock.targetMs(this.frameMs), writer.timescale);
    if (writer.partTicks + durationTicks * 1.01 <= targetTicks) return;
    this.partClock.settle(this.frameMs);
    writer.cutPart();
  }
}
