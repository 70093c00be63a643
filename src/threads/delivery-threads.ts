import { createServer } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import type { PlaybackSettings } from '../access/playback-gate.ts';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { newTicketKeys } from '../delivery/secure/ticket-keys.ts';
import type { Readiness } from '../front/readiness.ts';
import type { Log } from '../observability/log.ts';
import type { Continuity } from '../stream/continuity.ts';
import { type DeliveryFigures, DeliverySide, type DeliverySideOptions } from './delivery-side.ts';
import { DeliveryThread, type ViewerEventIntake } from './delivery-thread.ts';
import type { PortSockets } from './port-sockets.ts';

/** All delivery, as control holds it. */
export interface DeliveryCrew {
  /** Gives the port. */
  start(): Promise<number>;
  stop(): Promise<void>;
  setReadiness(readiness: Readiness): void;
  /** Who may watch from now on. */
  setPlayback(settings: PlaybackSettings): void;
  /** For HTTPS connections that come from now on. */
  setCertificate(pair: CertificatePair): void;
  setLogLevel(level: string): void;
  /** Playback requests answered since the start. */
  requestsTotal(): number;
  /** What each side told last. */
  readonly figures: readonly DeliveryFigures[];
  /** Threads that died and were replaced. */
  readonly restarts: number;
  /** How long the one that is silent for longest has said nothing; each speaks once a second. */
  readonly silentMs: number;
}

/** Delivery on threads of its own that share one port. */
export class DeliveryThreads implements DeliveryCrew {
  readonly threads: DeliveryThread[] = [];
  private readonly options: DeliverySideOptions & { readonly logLevel: string };
  private readonly count: number;
  private readonly attach: (port: MessagePort) => void;
  private readonly sockets: PortSockets | undefined;
  private readonly events: ViewerEventIntake;
  private readonly log: Log;

  constructor(
    count: number,
    options: Omit<DeliverySideOptions, 'isPortShared'> & { readonly logLevel: string },
    attach: (port: MessagePort) => void,
    events: ViewerEventIntake,
    log: Log,
    sockets?: PortSockets,
  ) {
    this.sockets = sockets;
    this.events = events;
    this.count = count;
    this.options = {
      ...options,
      isPortShared: count > 1,
      maxConnections: Math.ceil(options.maxConnections / count),
      ticketKeys: newTicketKeys(),
    };
    this.attach = attach;
    this.log = log;
  }

  async start(): Promise<number> {
    const { count, attach, events, log, options, sockets } = this;
    // A port that is shared can be bound by any process of ours: one alone finds out whether somebody has it.
    const mustProbe = count > 1 && !sockets?.count('http');
    const port = mustProbe ? await probe(options.listen) : options.listen.port;
    for (let index = 0; index < count; index++) {
      const data = { ...options, listen: { ...options.listen, port } };
      const lendSockets = () => sockets?.lend('http', index, count) ?? [];
      this.threads.push(new DeliveryThread(`delivery-${index + 1}`, data, attach, lendSockets, events, log));
    }
    const ports = await Promise.all(this.threads.map((thread) => thread.start()));
    return ports[0]!;
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()));
  }

  /** Ports by which a new media thread can feed all of them. */
  newFeeds(): MessagePort[] {
    return this.threads.map((thread) => thread.newFeed());
  }

  /** After the death of the media thread: where its streams go on. Any of the threads can tell. */
  async continuities(): Promise<ReadonlyMap<string, Continuity>> {
    for (const thread of this.threads) {
      const continuities = await thread.continuities();
      if (continuities.size > 0) return continuities;
    }
    return new Map();
  }

  setReadiness(readiness: Readiness): void {
    for (const thread of this.threads) thread.setReadiness(readiness);
  }

  setPlayback(settings: PlaybackSettings): void {
    for (const thread of this.threads) thread.setPlayback(settings);
  }

  setCertificate(pair: CertificatePair): void {
    for (const thread of this.threads) thread.setCertificate(pair);
  }

  setLogLevel(level: string): void {
    for (const thread of this.threads) thread.setLogLevel(level);
  }

  get figures(): readonly DeliveryFigures[] {
    return this.threads.flatMap(({ figures }) => figures ?? []);
  }

  get restarts(): number {
    return this.threads.reduce((sum, thread) => sum + thread.restarts, 0);
  }

  get silentMs(): number {
    return Math.max(...this.threads.map(({ silentMs }) => silentMs));
  }

  requestsTotal(): number {
    return this.figures.reduce((sum, { answers }) => sum + answers.total, 0);
  }
}

/** Delivery in control's own thread, of the windows that the media side keeps anyway. */
export class DeliveryInline implements DeliveryCrew {
  readonly restarts = 0;
  readonly silentMs = 0; // this thread asks
  private readonly side: DeliverySide;
  private readonly sockets: PortSockets | undefined;
  private last: DeliveryFigures | undefined;

  constructor(
    options: Omit<DeliverySideOptions, 'isPortShared'>,
    delivery: Delivery,
    { newReader, take }: ViewerEventIntake,
    log: Log,
    sockets?: PortSockets,
  ) {
    this.sockets = sockets;
    const reader = newReader();
    this.side = new DeliverySide({ ...options, isPortShared: false }, delivery, {
      log,
      figures: (figures) => {
        this.last = figures;
      },
      viewerEvents: (batch) => {
        reader.read(batch, take);
        this.side.eventsRead(batch.memory);
      },
    });
  }

  start(): Promise<number> {
    return this.side.start(this.sockets?.lend('http'));
  }

  stop(): Promise<void> {
    return this.side.stop();
  }

  setReadiness(readiness: Readiness): void {
    this.side.setReadiness(readiness);
  }

  setPlayback(settings: PlaybackSettings): void {
    this.side.setPlayback(settings);
  }

  setCertificate(pair: CertificatePair): void {
    this.side.setCertificate(pair);
  }

  setLogLevel(): void {} // it shares control's log

  get figures(): readonly DeliveryFigures[] {
    return this.last === undefined ? [] : [this.last];
  }

  requestsTotal(): number {
    return this.side.delivery.requestsTotal();
  }
}

/** Binds the port alone for a moment, and rejects when somebody has it; gives the port to share. */
async function probe({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const found = (server.address() as { port: number }).port;
  await new Promise((resolve) => server.close(resolve));
  return found;
}
