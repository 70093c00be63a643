import type { ViewersOfMinute } from './ports/session-history.ts';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

/** How many more viewers a minute has than the one before; `minute` counts from the epoch. */
export interface MinuteChange {
  readonly minute: number;
  readonly change: number;
}

/** Viewers of each minute of the range, by the changes of all minutes before its end, in any order. */
export function viewersOfMinutes(
  changes: readonly MinuteChange[],
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): ViewersOfMinute[] {
  const first = Math.floor(fromMs / minuteMs);
  const end = Math.ceil(untilMs / minuteMs);
  const byMinute = new Map<number, number>();
  let viewers = 0;
  for (const { minute, change } of changes) {
    if (minute < first) viewers += change;
    else byMinute.set(minute, (byMinute.get(minute) ?? 0) + change);
  }
  const series: ViewersOfMinute[] = [];
  for (let minute = first; minute < end; minute++) {
    viewers += byMinute.get(minute) ?? 0;
    if (viewers > 0) series.push({ minuteMs: minute * minuteMs, viewers });
  }
  return series;
}
