import type { Server, Socket } from 'node:net';
import type { TrustedProxies } from '../../base/client-address.ts';
import type { Delivery } from '../delivery.ts';
import type { SlowReaderBudget } from '../paced-body.ts';
import type { Reply } from '../reply.ts';
import type { ConnectionDeadlines } from './lane.ts';

/** What takes viewers' connections before the playback server does: TLS. */
export interface ConnectionFront {
  /** Told to listen and to close by the playback server. */
  readonly server: Server;
  /** Connections may come from now on. */
  open(host: ConnectionHost): void;
  /** Looks at its deadlines, once a second. */
  sweep(nowMs: number): void;
  /** Ends what is idle, and everything else as soon as no answer would be broken off. */
  leave(): void;
  destroyAll(): void;
}

/** What the playback server does for its front. */
export interface ConnectionHost {
  readonly delivery: Delivery;
  readonly deadlines: ConnectionDeadlines;
  readonly budget: SlowReaderBudget;
  readonly proxies: TrustedProxies;
  /** Counts a connection until it closes, in all and for its address. Whether there is room for it. */
  count(socket: Socket): boolean;
  /** Speaks HTTP/1.1 over a connection that was counted. */
  serve(socket: Socket, isWelcome: boolean): void;
  /** What those are told for whom there is no room. */
  refusal(): Reply;
}
