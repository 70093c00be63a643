const windowMs = 60_000;
const delaysMs = [0, 500, 1000, 2000, 4000];

/** How long a broadcast goes without its ladder before another try. */
export const degradedRetryMs = 30_000;

/**
 * Decides when a transcoder that failed is started again: five times a minute at growing distances, then once in `degradedRetryMs`
 * until it has run for a minute.
 */
export class RestartPolicy {
  private failuresAtMs: number[] = [];
  private isDegraded = false;

  /** Milliseconds until the next start; undefined: it has failed so often of late that it should be left alone. */
  failed(nowMs: number): number | undefined {
    const lastMs = this.failuresAtMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (this.isDegraded && nowMs - lastMs >= degradedRetryMs + windowMs) this.isDegraded = false;
    this.failuresAtMs = this.failuresAtMs.filter((atMs) => nowMs - atMs < windowMs);
    this.failuresAtMs.push(nowMs);
    const delayMs = this.isDegraded ? undefined : delaysMs[this.failuresAtMs.length - 1];
    if (delayMs === undefined) {
      this.isDegraded = true;
      this.failuresAtMs = [nowMs];
    }
    return delayMs;
  }
}
