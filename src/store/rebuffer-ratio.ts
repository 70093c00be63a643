/** Time that pictures stood still, of the time that was watched or waited for, both of viewers whose stalls are known; null: there are none. */
export function rebufferRatioOf(watchMs: number, stallMs: number | null): number | null {
  return stallMs !== null && watchMs + stallMs > 0 ? stallMs / (watchMs + stallMs) : null;
}
