import type { AccessUnit } from '../media/track.ts';
import type { AudioJoin } from './audio-join.ts';
import type { AudioLane } from './audio-lane.ts';
import type { Lanes } from './lanes.ts';
import type { PackagerCounters } from './packager-counters.ts';
import type { SegmentClock } from './segment-clock.ts';
import type { SlotSequence } from './slot-sequence.ts';

/** Takes sound in: it follows the video, or leads where there is none. */
export class AudioIntake {
  private readonly segmentMs: number;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private readonly slots: SlotSequence;
  private readonly join: AudioJoin;
  private readonly counters: PackagerCounters;

  constructor(
    segmentMs: number,
    parts: {
      readonly clock: SegmentClock;
      readonly lanes: Lanes;
      readonly slots: SlotSequence;
      readonly audioJoin: AudioJoin;
      readonly counters: PackagerCounters;
    },
  ) {
    this.segmentMs = segmentMs;
    this.clock = parts.clock;
    this.lanes = parts.lanes;
    this.slots = parts.slots;
    this.join = parts.audioJoin;
    this.counters = parts.counters;
  }

  push(unit: AccessUnit): void {
    const { slots } = this;
    const audio = slots.lead === undefined ? undefined : (this.lanes.audio ?? this.first());
    const isEarly = slots.lead === 'video' && slots.current !== undefined && this.join.isChanging;
    if (audio === undefined || isEarly) {
      this.counters.droppedFrames++;
      return;
    }
    if (slots.lead === 'audio') this.runClock(audio, unit);
    audio.push(unit, slots.nowMs);
  }

  /** Sound while there was none so far: undefined when it cannot begin now. */
  private first(): AudioLane | undefined {
    const { slots } = this;
    if (!this.join.admit(slots.nowMs)) return undefined;
    const audio = this.lanes.audio!;
    if (slots.current !== undefined) audio.schedule(slots.current);
    audio.advanceClock(slots.endMs);
    return audio;
  }

  /** Without video the sound itself decides where segments end. */
  private runClock(audio: AudioLane, unit: AccessUnit): void {
    const { slots } = this;
    slots.lastArrivalMs = slots.nowMs;
    const isLongEnough = audio.elapsedMs + audio.track.frameMs / 2 >= this.segmentMs;
    if (slots.current !== undefined && (isLongEnough || this.join.isChanging)) {
      this.clock.decideTargetDuration(this.segmentMs);
      slots.close();
    }
    if (slots.current === undefined) slots.open(audio.elapsedMs > 0 ? audio.endMs : unit.dtsMs);
    slots.advance(unit.dtsMs);
  }
}
