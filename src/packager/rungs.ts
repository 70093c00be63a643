import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { HeldFeed } from './held-feed.ts';
import type { Rendition } from './rendition.ts';
import { RungLane, type RungRepairs } from './rung-lane.ts';
import { RungOutput } from './rung-output.ts';
import type { SegmentClock } from './segment-clock.ts';
import type { Slot } from './slot.ts';
import type { VideoTrack } from './video-track.ts';

export interface RungsOptions {
  readonly streamId: string;
  readonly feed: HeldFeed;
  readonly clock: SegmentClock;
  readonly makeTrack: (name: string) => VideoTrack;
  readonly announce: (rendition: Rendition) => void;
}

/** So far behind the newest segment players begin, and a little more. */
const keptTargetDurations = 4;

/** The transcoded renditions of one stream, in step with the source's slots; there may be none. Times are stream time, ms. */
export class Rungs {
  private readonly options: RungsOptions;
  private readonly byName = new Map<string, RungLane>();

  constructor(options: RungsOptions) {
    this.options = options;
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** Of those that can be described. */
  get renditions(): Rendition[] {
    return [...this.byName.values()]
      .map(({ output }) => output.rendition)
      .filter((rendition) => rendition !== undefined);
  }

  get repairs(): RungRepairs[] {
    return [...this.byName.values()].map(({ repairs }) => repairs);
  }

  /** Frames of this rung will come, for `current` at the earliest. One that is known goes on in its playlist. */
  add(name: string, current: Slot | undefined): void {
    if (name === 'source' || name === 'audio') throw new Error(`"${name}" is not a rung`);
    const known = this.byName.get(name);
    if (known !== undefined) {
      known.resume();
      return;
    }
    const rung = this.make(name);
    if (current !== undefined) rung.schedule(current);
  }

  /** No more frames of this rung will come for now; it is not taken back. */
  rest(name: string): void {
    const { targetDurationSeconds = 0 } = this.options.clock;
    this.byName.get(name)?.rest(keptTargetDurations * targetDurationSeconds * 1000);
  }

  /** PTS of the earliest keyframe that a rung which has rested can begin with. */
  get keptFromMs(): number | undefined {
    let earliestMs: number | undefined;
    for (const { keptFromMs } of this.byName.values()) {
      if (keptFromMs !== undefined) earliestMs = Math.min(keptFromMs, earliestMs ?? keptFromMs);
    }
    return earliestMs;
  }

  /** No more frames of this rung will come. Whoever watches it gets gaps, as long as anything of it is listed. */
  remove(name: string): void {
    const rung = this.byName.get(name);
    if (rung === undefined) return;
    if (!this.options.feed.isOpen || rung.output.rendition === undefined) {
      this.byName.delete(name);
      this.options.feed.discardRendition(name);
      return;
    }
    rung.stop();
    rung.output.withdraw();
  }

  /** True when its frames wait for a discontinuity. */
  configure(name: string, config: VideoConfig): boolean {
    return this.byName.get(name)?.configure(config) ?? false;
  }

  push(name: string, unit: AccessUnit): void {
    this.byName.get(name)?.push(unit);
  }

  /** Takes up what an earlier process had listed up to `endMs`, with gaps until it is added again. */
  restore(rendition: Rendition, endMs: number): void {
    this.make(rendition.name).restore(rendition, endMs);
  }

  schedule(slot: Slot): void {
    for (const rung of this.byName.values()) rung.schedule(slot);
  }

  gap(slot: Slot, endMs: number): void {
    for (const rung of this.byName.values()) rung.gap(slot, endMs);
  }

  pause(endMs: number): void {
    for (const rung of this.byName.values()) rung.pause(endMs);
  }

  drain(endMs: number): void {
    for (const rung of this.byName.values()) rung.drain(endMs);
  }

  finish(endMs: number): void {
    for (const rung of this.byName.values()) rung.finish(endMs);
  }

  discard(): void {
    for (const rung of this.byName.values()) rung.discard();
  }

  /**
   * The source has come to `clockMs`: rungs more than `patienceMs` behind are given up, and removed ones forgotten once nobody can ask for
   * the last of their media, which is listed for `listedMs` and there for `availableMs`.
   */
  tick(clockMs: number, patienceMs: number, listedMs: number, availableMs: number): void {
    for (const [name, rung] of this.byName) {
      rung.tick(clockMs, patienceMs);
      rung.output.forgetGaps(clockMs - listedMs);
      if (!rung.output.rendition?.isWithdrawn || !rung.isOver(clockMs - availableMs)) continue;
      this.byName.delete(name);
      this.options.feed.emit({ type: 'rendition-gone', streamId: this.options.streamId, rendition: name });
    }
  }

  measureFrameRates(): void {
    for (const rung of this.byName.values()) rung.output.measureFrameRate();
  }

  measureBitrates(): void {
    for (const rung of this.byName.values()) rung.output.measureBitrate();
  }

  private make(name: string): RungLane {
    const { makeTrack, clock, announce } = this.options;
    const rung = new RungLane(new RungOutput({ name, track: makeTrack(name), clock, announce }));
    this.byName.set(name, rung);
    return rung;
  }
}
