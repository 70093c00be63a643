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
  for (let roundMs = 0; roundMs < mediaMs; roundMs += clip.durationMs) {
    for (const tag of clip.tags) {
      const tagMs = roundMs + tag.offsetMs;
      if (tagMs >= mediaMs) break;
      const lateMs = await waitUntil(clock, beganMs + tagMs / speed, signal);
      if (lateMs > 0) onLate(lateMs);
      const held = send(tag, startTimestampMs + tagMs);
      if (held !== undefined) await held;
    }
  }
  await waitUntil(clock, beganMs + mediaMs / speed, signal);
  return { mediaMs };
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
