import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import type { ClipTag, FlvClip } from './flv-clip.ts';

export interface PaceOptions {
  readonly clip: FlvClip;
  /** Begins again at the end, with timestamps that go on. */
  readonly loop: boolean;
  /** 1 is real time. */
  readonly speed: number;
  readonly startTimestampMs: number;
  /** Stop after this much media. */
  readonly maxMediaMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Sends one tag; the next is held until the promise, if any, resolves. What it throws ends the pacing. */
  readonly send: (tag: ClipTag, timestampMs: number) => Promise<void> | undefined;
  /** How overdue a tag was that was not sent in time. */
  readonly onLate: (lateMs: number) => void;
}

/**
 * Hands out the tags of a clip at the times they say, by the monotonic clock. When held up it catches up: the schedule is
 * fixed to its beginning. Resolves at the end of the last frame with the length of all media; rejects with `signal.reason`.
 */
export async function paceClip(options: PaceOptions): Promise<{ mediaMs: number }> {
  const { clip, loop, speed, startTimestampMs, maxMediaMs, clock, signal, send, onLate } = options;
  const beganMs = clock.monotonicMs();
  const mediaMs = loop ? maxMediaMs : Math.min(clip.durationMs, maxMediaMs);
  const round = loop ? loopOrder(clip) : clip.tags.map((tag) => ({ tag, offsetMs: tag.offsetMs, isOverhang: false }));
  for (let roundMs = 0; roundMs < mediaMs; roundMs += clip.durationMs) {
    for (const { tag, offsetMs, isOverhang } of round) {
      if (isOverhang && roundMs === 0) continue;
      const tagMs = roundMs + offsetMs;
      if (tagMs >= maxMediaMs) break;
      const lateMs = await waitUntil(clock, beganMs + tagMs / speed, signal);
      if (lateMs > 0) onLate(lateMs);
      const held = send(tag, startTimestampMs + tagMs);
      if (held !== undefined) await held;
    }
  }
  await waitUntil(clock, beganMs + mediaMs / speed, signal);
  return { mediaMs };
}

interface LoopTag {
  readonly tag: ClipTag;
  readonly offsetMs: number;
  /** Belongs to the round before. */
  readonly isOverhang: boolean;
}

/** One track may start later than the other and so end later than the loop: its last tags go between the first ones of the next round. */
function loopOrder({ tags, durationMs }: FlvClip): LoopTag[] {
  return tags
    .map((tag) => ({ tag, offsetMs: tag.offsetMs % durationMs, isOverhang: tag.offsetMs >= durationMs }))
    .sort((a, b) => a.offsetMs - b.offsetMs);
}

/** Returns how late it is, in ms. Waits in real time: the clock is only read. */
async function waitUntil(clock: Clock, dueMs: number, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  let aheadMs = dueMs - clock.monotonicMs();
  while (aheadMs > 0) {
    await delay(Math.ceil(aheadMs), undefined, { signal });
    aheadMs = dueMs - clock.monotonicMs();
  }
  return -aheadMs;
}
