import type { TrustedProxies } from '../../base/client-address.ts';
import type { Delivery } from '../delivery.ts';
import type { SlowReaderBudget } from '../paced-body.ts';
import type { PreparedReplies } from './prepared-replies.ts';
import type { RequestParser } from './request-parser.ts';
import type { ViewerConnection } from './viewer-connection.ts';

/** How long a viewer may take for what, ms. */
export interface ConnectionDeadlines {
  /** For sending a request's head, from the connection's or the head's beginning. */
  readonly headMs: number;
  /** Between two requests. */
  readonly idleMs: number;
  /** For closing its side, after we have closed ours. */
  readonly lingerMs: number;
}

/** What all connections of a thread share. */
export interface Lane {
  readonly delivery: Delivery;
  readonly parser: RequestParser;
  readonly prepared: PreparedReplies;
  readonly deadlines: ConnectionDeadlines;
  readonly budget: SlowReaderBudget;
  readonly proxies: TrustedProxies;
  /** Monotonic time of the last sweep, ms: good enough for deadlines of seconds. */
  nowMs: number;
  /** Takes a connection that sends something else than playback requests, with the bytes that are not yet answered. */
  handOver(connection: ViewerConnection, bytes: Buffer): void;
  closed(connection: ViewerConnection): void;
}
