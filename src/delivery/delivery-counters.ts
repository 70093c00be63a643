import type { ReplyClass } from './reply.ts';

export interface DeliveryStats {
  /** Requests answered. */
  readonly total: number;
  /** By class of what was asked for, then by HTTP status. */
  readonly requests: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** Requests held now. */
  readonly waiters: number;
  readonly bytesOut: number;
  /** Viewers that took their bytes too slowly and were cut off. */
  readonly slowReadersDropped: number;
  /** Answers of unknown length that had to be broken off. */
  readonly progressiveAborted: number;
}

/** What delivery has done since it was made. */
export class DeliveryCounters {
  bytesOut = 0;
  slowReadersDropped = 0;
  progressiveAborted = 0;
  total = 0;
  private readonly requests = new Map<ReplyClass, Map<number, number>>();

  answered(replyClass: ReplyClass, status: number): void {
    let byStatus = this.requests.get(replyClass);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.requests.set(replyClass, byStatus);
    }
    this.total++;
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  snapshot(waiters: number): DeliveryStats {
    const { total, bytesOut, slowReadersDropped, progressiveAborted } = this;
    const requests = Object.fromEntries([...this.requests].map(([name, counts]) => [name, Object.fromEntries(counts)]));
    return { total, requests, waiters, bytesOut, slowReadersDropped, progressiveAborted };
  }
}
