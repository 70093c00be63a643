import type { Clock } from '../base/clock.ts';
import { degradedRetryMs, RestartPolicy } from './restart-policy.ts';
import type { SessionFailure } from './session-failure.ts';
import type { TranscodeListener } from './transcode-listener.ts';

/** From a failure until frames come out again: when it is tried anew, and what it cost. */
export class Recovery {
  private readonly clock: Clock;
  private readonly listener: Pick<TranscodeListener, 'notice'>;
  private readonly policy = new RestartPolicy();
  private failure: { readonly atMs: number; readonly reachedMs: number } | undefined;

  constructor(clock: Clock, listener: Pick<TranscodeListener, 'notice'>) {
    this.clock = clock;
    this.listener = listener;
  }

  /** `reachedMs`: up to where all rungs have come, −∞ where one has not begun. */
  failed(failure: SessionFailure, reachedMs: number): { readonly retryInMs: number; readonly isDegraded: boolean } {
    const nowMs = this.clock.monotonicMs();
    this.failure ??= { atMs: nowMs, reachedMs };
    const delayMs = this.policy.failed(nowMs);
    const isDegraded = delayMs === undefined;
    const retryInMs = delayMs ?? degradedRetryMs;
    this.listener.notice({ type: isDegraded ? 'degraded' : 'failed', ...failure, retryInMs });
    return { retryInMs, isDegraded };
  }

  /** A frame came out. */
  delivered(ptsMs: number): void {
    if (this.failure === undefined) return;
    const { atMs, reachedMs } = this.failure;
    this.failure = undefined;
    const afterMs = Math.round(this.clock.monotonicMs() - atMs);
    const skippedMs = Number.isFinite(reachedMs) ? Math.max(0, Math.round(ptsMs - reachedMs)) : 0;
    this.listener.notice({ type: 'recovered', afterMs, skippedMs });
  }

  /** What was missing is not waited for any more. */
  forget(): void {
    this.failure = undefined;
  }
}
