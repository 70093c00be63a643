import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit } from '../media/track.ts';
import type { AudioTrack } from './audio-track.ts';
import type { Rendition } from './rendition.ts';
import { type Slot, segmentStart, slotTicks } from './slot.ts';

/** Audio that runs ahead of the segment clock is held this long for its segment to be known: a rung that leads may have to catch up. */
const maxAheadMs = 15_000;
/** No audio for this long while it is due: it has stopped. */
const silentAfterMs = 1000;

/**
 * Lets the audio follow the segment clock: slots come in as they are decided, frames fill them in order. Frames ahead of the
 * clock wait, a slot that no frame falls into becomes a gap, audio that stops while the clock goes on is filled with silence.
 */
export class AudioLane {
  readonly track: AudioTrack;
  readonly rendition: Rendition;
  /** Frames that came when their time had passed or before there was a segment for them. */
  droppedFrames = 0;
  private current: Slot | undefined;
  private isBegun = false;
  private readonly upcoming: Slot[] = [];
  private readonly ahead: AccessUnit[] = [];
  private clockMs = Number.NEGATIVE_INFINITY;
  private lastArrivalMs = 0;

  constructor(track: AudioTrack, rendition: Rendition) {
    this.track = track;
    this.rendition = rendition;
  }

  get endMs(): number {
    return this.track.endMs;
  }

  /** How long the open segment is, ms: the audio is the segment clock itself when there is no video. */
  get elapsedMs(): number {
    return msFromTicks(this.track.writer.segmentTicks, this.track.writer.timescale);
  }

  /** Whether no frame has come for so long that none is on its way. */
  isIdle(nowMs: number): boolean {
    return nowMs - this.lastArrivalMs >= silentAfterMs;
  }

  /** A publisher is there: its audio may take its time from now. */
  expect(nowMs: number): void {
    this.lastArrivalMs = nowMs;
  }

  /** A segment that will follow; the slot before it ends where this one starts. */
  schedule(slot: Slot): void {
    if (this.current === undefined) this.current = slot;
    else this.upcoming.push(slot);
  }

  push(unit: AccessUnit, nowMs: number): void {
    this.lastArrivalMs = nowMs;
    const first = this.ahead[0];
    if (first === undefined && unit.dtsMs <= this.clockMs) {
      this.place(unit);
      return;
    }
    this.ahead.push({ ...unit, data: unit.data.slice() });
    if (first !== undefined && unit.dtsMs - first.dtsMs > maxAheadMs) this.place(this.ahead.shift()!);
  }

  /** The segment clock has come to `clockMs`: no slot can start before that any more. */
  advanceClock(clockMs: number): void {
    this.clockMs = clockMs;
    while (this.ahead[0] !== undefined && this.ahead[0].dtsMs <= clockMs) this.place(this.ahead.shift()!);
  }

  /** Time goes on without audio: fills with silence what the segment clock has left behind, or gives up slots that have passed. */
  tick(nowMs: number): void {
    if (this.ahead.length > 0 || !this.isIdle(nowMs)) return;
    while (this.current !== undefined && this.slotEndMs() <= this.clockMs) {
      if (this.hasSound) this.fill(this.slotEndMs());
      this.leaveSlot();
    }
    if (this.current?.gapEndMs === undefined) this.fill(this.clockMs - silentAfterMs / 2);
  }

  /** Finishes every slot there is: the media ends, or a new beginning follows. `endMs` is where the segment clock ended. */
  finish(endMs: number): void {
    while (this.ahead[0] !== undefined && this.ahead[0].dtsMs < endMs) this.place(this.ahead.shift()!);
    this.droppedFrames += this.ahead.length;
    this.ahead.length = 0;
    while (this.current !== undefined) {
      if (this.hasSound) this.fillSlot(endMs);
      this.leaveSlot(endMs);
    }
    this.isBegun = false;
    this.clockMs = Number.NEGATIVE_INFINITY;
  }

  /** Whether the slot is no gap, or none any more: sound may go on where the picture does not. */
  private get hasSound(): boolean {
    return this.current?.gapEndMs === undefined || this.track.writer.openSegment !== undefined;
  }

  /** Where there is picture there is sound, silence at least: all renditions have their gaps in common. */
  private fillSlot(endMs: number): void {
    const isEndKnown = this.upcoming.length > 0 || this.current?.gapEndMs !== undefined;
    if (isEndKnown) this.fill(this.slotEndMs());
    else if (this.track.writer.openSegment === undefined) this.fill(endMs);
  }

  discard(): void {
    this.track.writer.discard();
    this.current = undefined;
    this.isBegun = false;
    this.upcoming.length = 0;
    this.ahead.length = 0;
  }

  private place(unit: AccessUnit): void {
    if (this.current === undefined || this.isTooLate(unit)) {
      this.droppedFrames++;
      return;
    }
    if (!this.isBegun) this.begin(unit.dtsMs);
    else if (this.track.isHole(this.track.errorMs(unit))) this.fill(unit.dtsMs);
    this.enterSlot();
    this.track.add(unit);
  }

  /** What a run would begin with belongs to a segment that is closed. */
  private isTooLate({ dtsMs }: AccessUnit): boolean {
    return !this.isBegun && this.track.isHole(this.current!.startMs - dtsMs);
  }

  private begin(startMs: number): void {
    this.isBegun = true;
    while (this.upcoming[0] !== undefined && startMs >= this.upcoming[0].startMs) this.leaveSlot();
    const slotStartMs = this.current!.startMs;
    const isLate = this.track.canBeSilent && this.track.isHole(startMs - slotStartMs);
    this.track.begin(Math.max(isLate ? slotStartMs : startMs, this.track.endMs));
    if (isLate) this.fill(startMs);
  }

  private fill(untilMs: number): void {
    if (!this.track.canBeSilent || this.current === undefined) return;
    if (!this.isBegun) this.begin(this.current.startMs);
    while (this.track.endMs + this.track.frameMs / 2 < untilMs) {
      this.enterSlot();
      this.track.addSilence();
    }
  }

  /** Opens the segment that the next frame falls into. */
  private enterSlot(): void {
    const halfFrameMs = this.track.frameMs / 2;
    while (this.upcoming[0] !== undefined && this.track.endMs >= this.upcoming[0].startMs - halfFrameMs)
      this.leaveSlot();
    const { writer } = this.track;
    if (writer.openSegment === undefined) {
      writer.open(segmentStart(this.current!, writer.decodeTicks, this.rendition.initVersion));
    }
  }

  private slotEndMs(): number {
    return this.upcoming[0]?.startMs ?? this.current?.gapEndMs ?? Number.POSITIVE_INFINITY;
  }

  /** Closes the slot's segment, or makes it a gap when nothing fell into it. */
  private leaveSlot(clockEndMs = Number.POSITIVE_INFINITY): void {
    const slot = this.current!;
    const { writer } = this.track;
    if (writer.openSegment === undefined) {
      const endMs = Math.min(this.slotEndMs(), clockEndMs);
      const startTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
      // Never left out, however short: the numbers of all renditions stay equal.
      const durationTicks = Math.max(1, ticksFromMs(endMs, writer.timescale) - startTicks);
      writer.gap(segmentStart(slot, startTicks, this.rendition.initVersion), durationTicks);
    } else {
      writer.close();
    }
    this.current = this.upcoming.shift();
  }
}
