import { strict as assert } from 'node:assert';
import type { Clock } from '../base/clock.ts';
import { isTransitionLegal, type StreamEndReason, type StreamState } from '../contract/stream-state.ts';

export interface StreamLifeOptions {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly pendingTimeoutMs: number;
  /** Wall clock, where that was not just now: the wait for the first publisher began then. */
  readonly createdAtMs?: number | undefined;
  /** Taken up after a restart: ACTIVE and interrupted from now on. */
  readonly isRestored?: boolean | undefined;
}

/** The state of one broadcast, and what it waits for. Every step is one of the table's (`streamTransitions`). */
export class StreamLife {
  private readonly clock: Clock;
  private readonly graceMs: number;
  /** Monotonic. */
  private readonly pendingUntilMs: number;
  private current: StreamState = 'PENDING_INGEST';
  private interruptedAtMs: number | undefined;
  private interruptedWallMs: number | undefined;

  constructor({ clock, graceMs, pendingTimeoutMs, createdAtMs = clock.wallMs(), isRestored }: StreamLifeOptions) {
    this.clock = clock;
    this.graceMs = graceMs;
    // A wall clock that was set meanwhile neither prolongs the wait nor ends it before it began.
    const waitedMs = Math.min(Math.max(clock.wallMs() - createdAtMs, 0), pendingTimeoutMs);
    this.pendingUntilMs = clock.monotonicMs() + pendingTimeoutMs - waitedMs;
    if (!isRestored) return;
    this.current = 'ACTIVE';
    this.interrupt();
  }

  get state(): StreamState {
    return this.current;
  }

  get isPending(): boolean {
    return this.current === 'PENDING_INGEST';
  }

  get hasEnded(): boolean {
    return this.current === 'ENDED_GRACEFULLY' || this.current === 'ERROR';
  }

  /** Wall clock ms since when no publisher is there. */
  get interruptedSinceMs(): number | undefined {
    return this.interruptedWallMs;
  }

  /** Media has begun, for the first time or again; undefined when it had not stopped. */
  begin(): 'started' | 'resumed' | undefined {
    if (this.isPending) {
      this.enter('ACTIVE', null);
      return 'started';
    }
    if (this.interruptedAtMs === undefined) return undefined;
    this.interruptedAtMs = undefined;
    this.interruptedWallMs = undefined;
    return 'resumed';
  }

  /** The publisher of an ACTIVE broadcast is gone. False when it was already. */
  interrupt(): boolean {
    if (this.interruptedAtMs !== undefined) return false;
    this.interruptedAtMs = this.clock.monotonicMs();
    this.interruptedWallMs = this.clock.wallMs();
    return true;
  }

  end(state: StreamState, reason: StreamEndReason): void {
    this.enter(state, reason);
    this.interruptedAtMs = undefined;
    this.interruptedWallMs = undefined;
  }

  /** What has been waited for in vain, while no publisher is connected. One that is may take its time to the first keyframe. */
  get overdue(): 'publisher_lost' | 'no_publisher' | undefined {
    const nowMs = this.clock.monotonicMs();
    if (this.interruptedAtMs !== undefined && nowMs - this.interruptedAtMs >= this.graceMs) return 'publisher_lost';
    return this.isPending && nowMs >= this.pendingUntilMs ? 'no_publisher' : undefined;
  }

  private enter(state: StreamState, reason: StreamEndReason | null): void {
    assert(
      isTransitionLegal(this.current, state, reason),
      `a stream cannot go from ${this.current} to ${state} (${reason})`,
    );
    this.current = state;
  }
}
