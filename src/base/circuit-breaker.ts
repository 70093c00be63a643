const failuresToOpen = 5;
const openMs = 5000;

/**
 * Spares somebody who does not answer, and those who wait for it: after five failures in a row nothing is tried for 5 s, then one call; when
 * that fails too, for another 5 s. Times are of the monotonic clock.
 */
export class CircuitBreaker {
  private failures = 0;
  private closedAtMs = 0;

  /** Whether to try; who does says how it went. */
  mayTry(nowMs: number): boolean {
    if (this.failures < failuresToOpen) return true;
    if (nowMs < this.closedAtMs) return false;
    this.closedAtMs = nowMs + openMs; // the others wait for how this one goes
    return true;
  }

  succeeded(): void {
    this.failures = 0;
  }

  failed(nowMs: number): void {
    this.failures++;
    this.closedAtMs = nowMs + openMs;
  }
}
