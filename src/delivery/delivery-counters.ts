import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';
import type { ReplyClass } from './reply.ts';
import { newLaneTimes, type RequestLane, requestLanes } from './request-times.ts';

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
  /** From a request to its answer being with the socket, without waiting for media. */
  readonly requestSeconds: Readonly<Record<RequestLane, TimeHistogramFigures>>;
  /** How long requests were held for media. */
  readonly blockedSeconds: TimeHistogramFigures;
}

const blockedBounds = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 10, 20];

interface ClassCounter {
  readonly byStatus: Map<number, number>;
  readonly answered: (status: number) => void;
}

/** What delivery has done since it was made. */
export class DeliveryCounters {
  bytesOut = 0;
  slowReadersDropped = 0;
  progressiveAborted = 0;
  total = 0;
  readonly times = newLaneTimes();
  readonly blockedSeconds = new TimeHistogram(blockedBounds);
  private readonly classes = new Map<ReplyClass, ClassCounter>();

  /** Hears with what status each request of the class is answered. */
  of(replyClass: ReplyClass): (status: number) => void {
    let counter = this.classes.get(replyClass);
    if (counter === undefined) {
      const byStatus = new Map<number, number>();
      const answered = (status: number): void => {
        this.total++;
        byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      };
      counter = { byStatus, answered };
      this.classes.set(replyClass, counter);
    }
    return counter.answered;
  }

  snapshot(waiters: number): DeliveryStats {
    const { total, bytesOut, slowReadersDropped, progressiveAborted } = this;
    const requests = Object.fromEntries(
      [...this.classes].map(([name, { byStatus }]) => [name, Object.fromEntries(byStatus)]),
    );
    const seconds = requestLanes.map((lane) => [lane, this.times[lane].figures()]);
    return {
      ...{ total, requests, waiters, bytesOut, slowReadersDropped, progressiveAborted },
      requestSeconds: Object.fromEntries(seconds) as DeliveryStats['requestSeconds'],
      blockedSeconds: this.blockedSeconds.figures(),
    };
  }
}
