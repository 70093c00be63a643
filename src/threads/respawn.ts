/** A thread that lived at least this long is replaced at once. */
const healthyMs = 2000;
const firstDelayMs = 200;
const longestDelayMs = 5000;

/** Decides how soon a thread that died is replaced: at once, but slower each time that it dies young. */
export class Respawn {
  private startedMs = performance.now();
  private delayMs = 0;

  /** Gives what cancels it. */
  after(start: () => void): () => void {
    const livedMs = performance.now() - this.startedMs;
    this.delayMs = livedMs >= healthyMs ? 0 : Math.min(longestDelayMs, Math.max(firstDelayMs, this.delayMs * 2));
    const timer = setTimeout(() => {
      this.startedMs = performance.now();
      start();
    }, this.delayMs);
    return () => clearTimeout(timer);
  }
}
