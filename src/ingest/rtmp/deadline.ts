import type { RtmpLimits } from './limits.ts';
import type { SessionState } from './session-state.ts';

/** The one deadline a session has at any time. Times are of the monotonic clock, in milliseconds. */
export class Deadline {
  private readonly limits: RtmpLimits;
  private sinceMs: number;
  private bytesSeen = 0;
  private pingAtMs = 0;

  constructor(limits: RtmpLimits, nowMs: number) {
    this.limits = limits;
    this.sinceMs = nowMs;
  }

  /** From the handshake to Publish.Start one deadline covers all steps: each could be dragged out. */
  enter(from: SessionState, to: SessionState, nowMs: number): void {
    if (to === 'authorizing' || (from === 'connecting' && to === 'connected')) return;
    this.sinceMs = nowMs;
    this.pingAtMs = nowMs + this.limits.pingMs;
  }

  /** A publisher's time begins anew with every byte. Bytes are compared here, so that none of them costs a look at the clock. */
  isOver(state: SessionState, bytesRead: number, nowMs: number): boolean {
    if (state === 'publishing' && bytesRead !== this.bytesSeen) {
      this.bytesSeen = bytesRead;
      this.sinceMs = nowMs;
    }
    return nowMs - this.sinceMs >= this.allowedMs(state);
  }

  isPingDue(nowMs: number): boolean {
    if (nowMs < this.pingAtMs) return false;
    this.pingAtMs = nowMs + this.limits.pingMs;
    return true;
  }

  /** The process stood still for so long: nobody else is to blame. */
  forgive(stalledMs: number): void {
    this.sinceMs += stalledMs;
  }

  private allowedMs(state: SessionState): number {
    switch (state) {
      case 'handshake':
        return this.limits.handshakeMs;
      case 'publishing':
        return this.limits.idleMs;
      case 'closing':
        return this.limits.closingMs;
      default:
        return this.limits.publishMs;
    }
  }
}
