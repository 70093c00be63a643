/** A time in ms since the epoch; `untilMs` is not included. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface HourSpans {
  /** Of whole hours that nobody doubts, in their order. */
  readonly whole: readonly TimeSpan[];
  /** The rest: broken hours at the edges, and hours in doubt. */
  readonly broken: readonly TimeSpan[];
}

export const hourMs = 3_600_000;

/** Splits a time where hours begin. `doubted`: hours since the epoch, ascending. */
export function splitAtHours({ fromMs, untilMs }: TimeSpan, doubted: readonly number[]): HourSpans {
  const whole: TimeSpan[] = [];
  const broken: TimeSpan[] = [];
  const wholeFromMs = Math.ceil(fromMs / hourMs) * hourMs;
  const wholeUntilMs = Math.floor(untilMs / hourMs) * hourMs;
  if (wholeFromMs >= wholeUntilMs) {
    append(broken, fromMs, untilMs);
    return { whole, broken };
  }
  append(broken, fromMs, wholeFromMs);
  let atMs = wholeFromMs;
  for (const hour of doubted) {
    const doubtedMs = hour * hourMs;
    if (doubtedMs < wholeFromMs || doubtedMs >= wholeUntilMs) continue;
    append(whole, atMs, doubtedMs);
    atMs = doubtedMs + hourMs;
    append(broken, doubtedMs, atMs);
  }
  append(whole, atMs, wholeUntilMs);
  append(broken, wholeUntilMs, untilMs);
  return { whole, broken };
}

/** Nothing where it is empty; what adjoins the last one makes that longer. */
function append(spans: TimeSpan[], fromMs: number, untilMs: number): void {
  if (fromMs >= untilMs) return;
  const last = spans.at(-1);
  if (last?.untilMs === fromMs) spans[spans.length - 1] = { fromMs: last.fromMs, untilMs };
  else spans.push({ fromMs, untilMs });
}
