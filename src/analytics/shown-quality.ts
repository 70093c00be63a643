import type { QualityEntry } from '../store/ports/session-store.ts';

/** So many quality changes are kept of a session: the newest. */
const maxQualities = 50;

/** A quality, and when it is on screen. Most sessions have one alone, so it knows the one before: a list would take more than it holds. */
export interface ShownQuality extends Omit<QualityEntry, 'atMs'> {
  /** From the start of the session. So small a number takes no memory of its own. */
  afterMs: number;
  reason: string;
  /** What was asked for first of it. */
  readonly position: number;
  earlier: ShownQuality | undefined;
}

/** What is shown last, now that `next` is to come as well: what was to come later than that does not come any more. */
export function thenShown(last: ShownQuality | undefined, next: ShownQuality): ShownQuality {
  let before = last;
  while (before !== undefined && isSuperseded(before, next)) {
    // It takes the place of the first.
    if (before.earlier === undefined) next.reason = before.reason;
    before = before.earlier;
  }
  if (before?.rendition === next.rendition) return before;
  next.earlier = before;
  forgetOldest(next);
  return next;
}

/** As it is kept: what was asked for and never came on screen was not watched. */
export function entriesUntil(last: ShownQuality | undefined, startedAtMs: number, untilMs: number): QualityEntry[] {
  return shownBy(last)
    .map(({ afterMs, rendition, reason }) => ({ atMs: startedAtMs + afterMs, rendition, reason }))
    .filter(({ atMs }, index) => index === 0 || atMs <= untilMs);
}

/** All of them, the oldest first. */
export function shownBy(last: ShownQuality | undefined): ShownQuality[] {
  const shown: ShownQuality[] = [];
  for (let quality = last; quality !== undefined; quality = quality.earlier) shown.push(quality);
  return shown.reverse();
}

/** Its session has begun so much earlier. */
export function shift(last: ShownQuality | undefined, byMs: number): void {
  for (let quality = last; quality !== undefined; quality = quality.earlier) quality.afterMs += byMs;
}

function isSuperseded(earlier: ShownQuality, later: ShownQuality): boolean {
  if (earlier.rendition === later.rendition) return earlier.afterMs > later.afterMs;
  return earlier.afterMs > later.afterMs || (later.position > 0 && earlier.position >= later.position);
}

function forgetOldest(last: ShownQuality): void {
  let quality: ShownQuality | undefined = last;
  for (let count = 1; count < maxQualities && quality !== undefined; count++) quality = quality.earlier;
  if (quality !== undefined) quality.earlier = undefined;
}
