import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type ServerOpts } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { CertificatePair } from '../../base/certificate-pair.ts';
import { TrustedProxies } from '../../base/client-address.ts';
import type { Clock } from '../../base/clock.ts';
import type { Service } from '../../base/lifecycle.ts';
import { type ListenOptions, listenOn, stopListening } from '../../base/listening.ts';
import { TlsHandshakes } from '../../base/tls-handshakes.ts';
import { MessageBuffers } from '../../rtmp/message-buffers.ts';
import type { AuthorizePublish, OpenPublication } from '../publish-gate.ts';
import { ConnectionTable } from './connection-table.ts';
import { type RtmpLimits, sweepIntervalMs } from './limits.ts';
import { Rejections } from './rejections.ts';
import { type Log, SessionLog } from './session-log.ts';
import type { SessionStats } from './session-stats.ts';

export interface ListenAt {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
}

/** Sockets that listen already, for a server that has to open none; they are its own to close. */
export interface HandedDescriptors {
  readonly rtmp: readonly number[];
  readonly rtmps: readonly number[];
}

export interface RtmpServerOptions {
  readonly listen: ListenAt;
  /** RTMPS beside RTMP; certificate and key as PEM. */
  readonly tls?:
    | { readonly listen: ListenAt; readonly cert: string | Buffer; readonly key: string | Buffer }
    | undefined;
  readonly limits: RtmpLimits;
  /** Addresses and networks behind which anybody may be: nobody is turned away there for what others did. */
  readonly trustedProxies?: readonly string[] | undefined;
}

export interface RtmpServerDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly authorizePublish: AuthorizePublish;
  readonly openPublication: OpenPublication;
  /** Hears of every connection that comes. */
  readonly accepted?: () => void;
}

export interface RtmpServerStats {
  readonly connections: number;
  readonly publishers: number;
  readonly accepted: number;
  readonly bytesIn: number;
  /** Memory of unfinished messages, now and at most. */
  readonly heldBytes: number;
  readonly peakHeldBytes: number;
  /** Connections that were refused or ended by us, by error code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly sessions: readonly SessionStats[];
}

/** Publishers' way in: RTMP and RTMPS. */
export class RtmpServer implements Service {
  private readonly options: RtmpServerOptions;
  private readonly deps: RtmpServerDeps;
  private readonly buffers: MessageBuffers;
  private readonly table: ConnectionTable;
  private readonly sessionLog: SessionLog;
  private readonly listeners: Server[] = [];
  private readonly bound: AddressInfo[] = [];
  private readonly handshakes = new TlsHandshakes<true>();
  private secure: TlsServer | undefined;
  private cancelSweep: (() => void) | undefined;

  constructor(options: RtmpServerOptions, deps: RtmpServerDeps) {
    const { clock, log, authorizePublish, openPublication } = deps;
    const { limits } = options;
    this.options = options;
    this.deps = deps;
    this.buffers = new MessageBuffers({ limitBytes: limits.totalMemoryBytes, keepBytes: limits.totalMemoryBytes / 16 });
    this.sessionLog = new SessionLog(log, clock);
    const rejections = new Rejections(clock);
    const proxies = new TrustedProxies(options.trustedProxies ?? []);
    const turnsAway = (address: string) => {
      if (!rejections.isFlooding(address) || proxies.has(address)) return false;
      this.sessionLog.turnedAway(address);
      return true;
    };
    const sessionDeps = {
      clock,
      random: randomBytes,
      buffers: this.buffers,
      limits,
      authorizePublish,
      openPublication,
      rejectionDelayMs: (address: string) => rejections.delayMs(address),
      observer: this.sessionLog,
    };
    this.table = new ConnectionTable(sessionDeps, turnsAway);
  }

  async start(signal: AbortSignal, handed?: HandedDescriptors): Promise<void> {
    const { listen, tls, limits } = this.options;
    try {
      const accepting = { noDelay: true, keepAlive: true, pauseOnConnect: true };
      const plain = createServer(accepting, (socket) => {
        this.deps.accepted?.();
        this.table.add(socket, false);
      });
      await this.listen(plain, { ...listen, descriptors: handed?.rtmp }, accepting, signal);
      if (tls !== undefined) {
        const { cert, key } = tls;
        const secure = createTlsServer({ cert, key, handshakeTimeout: limits.handshakeMs });
        this.secure = secure;
        secure.maxConnections = limits.maxPending + limits.maxPublishers;
        const { clock } = this.deps;
        secure.on('connection', (socket) => {
          this.deps.accepted?.();
          if (!this.table.welcomes(socket)) return;
          this.handshakes.begin(socket, clock.monotonicMs() + limits.handshakeMs, true);
        });
        secure.on('secureConnection', (socket) => {
          this.handshakes.finish(socket);
          this.table.add(socket, true);
        });
        await this.listen(secure, { ...tls.listen, descriptors: handed?.rtmps }, {}, signal);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.table.restartSweep();
    this.scheduleSweep();
  }

  /** Tells every publisher that the server stops, and waits until all connections are closed. */
  async stop(): Promise<void> {
    const closed = stopListening(this.listeners.splice(0));
    this.handshakes.destroyAll();
    this.table.shutDown();
    const cancel = this.deps.clock.after(this.options.limits.closingMs, () => this.table.destroyAll());
    await this.table.emptied();
    await closed;
    cancel();
    this.cancelSweep?.();
    this.cancelSweep = undefined;
  }

  /** For RTMPS connections that come from now on; those that are there go on as they are. Throws when the pair is unusable. */
  setCertificate({ cert, key }: CertificatePair): void {
    this.secure?.setSecureContext({ cert, key });
  }

  /** Where it listens: RTMP, then RTMPS. */
  get addresses(): readonly AddressInfo[] {
    return this.bound;
  }

  stats(): RtmpServerStats {
    const sessions = this.table.stats();
    return {
      connections: sessions.length,
      publishers: sessions.filter(({ state }) => state === 'publishing').length,
      accepted: this.table.accepted,
      bytesIn: this.table.bytesIn,
      heldBytes: this.buffers.lentBytes,
      peakHeldBytes: this.buffers.peakLentBytes,
      refused: Object.fromEntries(this.sessionLog.refusedByCode),
      sessions,
    };
  }

  private async listen(
    server: Server,
    at: Omit<ListenOptions, 'backlog'>,
    accepting: ServerOpts,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const listeners = await listenOn(server, { ...at, backlog: 1024 }, accepting);
    for (const one of listeners) {
      one.on('error', (error) => this.deps.log.error({ err: error }, 'RTMP listener failed'));
    }
    this.listeners.push(...listeners);
    this.bound.push(server.address() as AddressInfo);
  }

  private scheduleSweep(): void {
    this.cancelSweep = this.deps.clock.after(sweepIntervalMs, () => {
      this.table.sweep();
      this.handshakes.expire(this.deps.clock.monotonicMs());
      this.scheduleSweep();
    });
  }
}
