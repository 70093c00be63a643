import type { ServerResponse } from 'node:http';
import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';

/**
 * Who answers at the HTTP port. `fast`, `http2`, `full`: playback, by the fast lane, over HTTP/2, by node:http. `page`: pages and probes,
 * `management`: what control answers; both over either protocol.
 */
export const requestLanes = ['fast', 'http2', 'full', 'page', 'management'] as const;
export type RequestLane = (typeof requestLanes)[number];

const bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
/** Of the lanes that players crowd one request of so many is timed: two looks at the clock cost as much as a tenth of an answer. */
const crowdedEvery = 16;

/** How long a lane takes, from a request to its answer being with the socket. */
export class RequestTimes {
  private readonly seconds = new TimeHistogram(bounds);
  private readonly timedEvery: number;
  private untilTimed = 0;

  /** One request of `timedEvery` is timed. */
  constructor(timedEvery: number) {
    this.timedEvery = timedEvery;
  }

  /** A request has come: the present, monotonic ms, where it is one that is timed; else 0. */
  begin(): number {
    this.untilTimed = this.untilTimed === 0 ? this.timedEvery - 1 : this.untilTimed - 1;
    return this.untilTimed === 0 ? performance.now() : 0;
  }

  /** The wait for media is over: what is timed begins anew. */
  renew(sinceMs: number): number {
    return sinceMs === 0 ? 0 : performance.now();
  }

  /** The answer is with the socket; `sinceMs` as the others gave it. */
  end(sinceMs: number): void {
    if (sinceMs !== 0) this.seconds.add((performance.now() - sinceMs) / 1000);
  }

  /** Ends by itself when the answer of node:http, or of node:http2 in its stead, is with the socket; never when it breaks off. */
  follow(response: ServerResponse, sinceMs = this.begin()): void {
    if (sinceMs === 0) return;
    // node:http2 says `finish` of answers that were broken off too.
    response.once('finish', () => response.writableEnded && this.end(sinceMs));
  }

  figures(): TimeHistogramFigures {
    return this.seconds.figures();
  }
}

export type LaneTimes = Readonly<Record<RequestLane, RequestTimes>>;

export function newLaneTimes(): LaneTimes {
  return {
    fast: new RequestTimes(crowdedEvery),
    http2: new RequestTimes(crowdedEvery),
    full: new RequestTimes(1),
    page: new RequestTimes(1),
    management: new RequestTimes(1),
  };
}
