import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { PlaybackSettings } from '../access/playback-gate.ts';
import type { CertificatePair } from '../base/certificate-pair.ts';
import { TrustedProxies } from '../base/client-address.ts';
import { systemClock } from '../base/clock.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { DeliveryStats } from '../delivery/delivery-counters.ts';
import { PlaybackServer, type PlaybackServerStats } from '../delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from '../delivery/http-server.ts';
import { SecureListener } from '../delivery/secure/secure-listener.ts';
import type { ViewerEventBatch } from '../delivery/viewer-events/event-batch.ts';
import { ViewerEventWriter } from '../delivery/viewer-events/event-writer.ts';
import { ControlLink } from '../front/control-link.ts';
import { asksForWebSocket } from '../front/control-paths.ts';
import { frontListener } from '../front/front-listener.ts';
import type { Readiness } from '../front/readiness.ts';
import type { StreamTraffic } from '../live/ports.ts';
import type { Log } from '../observability/log.ts';
import { loadWebAssets } from '../web/web-assets.ts';
import { webPages } from '../web/web-pages.ts';
import { monitorThread, type ThreadFigures } from './thread-monitor.ts';

/** What a delivery side needs to begin, as plain data. */
export interface DeliverySideOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Several threads listen on the port. */
  readonly isPortShared: boolean;
  readonly maxConnections: number;
  readonly maxPerIp: number;
  /** Addresses and networks that `maxPerIp` does not hold for. */
  readonly trustedProxies?: readonly string[];
  /** HTTPS instead of HTTP. */
  readonly certificate?: CertificatePair | undefined;
  /** The same for all that listen on the port, so that a viewer can come back to any of them. */
  readonly ticketKeys?: Uint8Array;
  /** Who may watch; without it, everybody. */
  readonly playback?: PlaybackSettings;
  /** Where control answers what is not playback. */
  readonly innerSocketPath?: string;
  /** Control looks up the countries of viewers, for which it needs whole addresses. */
  readonly tellsAddresses?: boolean;
}

/** What it tells control. */
export interface DeliveryControl {
  figures(figures: DeliveryFigures): void;
  /** What viewers did; the memory is to be given back (`eventsRead`). */
  viewerEvents(batch: ViewerEventBatch): void;
  readonly log: Log;
}

/** Figures of one delivery side, once a second. */
export interface DeliveryFigures extends ThreadFigures {
  /** Viewer events that there was no room for. */
  readonly eventsDropped: number;
  readonly eventsTold: number;
  readonly answers: DeliveryStats;
  readonly sockets: PlaybackServerStats;
  readonly traffic: readonly StreamTraffic[];
}

/** Everything between the part feed and viewers' sockets, in whatever thread it runs. */
export class DeliverySide {
  readonly delivery: Delivery;
  private readonly control: DeliveryControl;
  private readonly playback: PlaybackServer;
  private readonly secure: SecureListener | undefined;
  private readonly link: ControlLink | undefined;
  private readonly events: ViewerEventWriter;
  private readiness: Readiness = 'unready';
  private cancelFigures = () => {};

  constructor(options: DeliverySideOptions, delivery: Delivery, control: DeliveryControl) {
    this.delivery = delivery;
    this.control = control;
    const clock = systemClock;
    this.events = new ViewerEventWriter(clock.wallMs, (batch) => control.viewerEvents(batch), options.tellsAddresses);
    delivery.observe(this.events);
    if (options.playback !== undefined) delivery.gate.update(options.playback);
    const pages = webPages(loadWebAssets, () => delivery.liveStreams);
    const { certificate, ticketKeys, trustedProxies = [], innerSocketPath } = options;
    const proxies = new TrustedProxies(trustedProxies);
    const link = innerSocketPath === undefined ? undefined : new ControlLink({ socketPath: innerSocketPath, proxies });
    this.link = link;
    const { times } = delivery.counters;
    const front = frontListener({ pages, readiness: () => this.readiness, control: link, times, log: control.log });
    const full = createServer(
      { ...viewerServerOptions, shouldUpgradeCallback: (request) => link !== undefined && asksForWebSocket(request) },
      createPlaybackListener(delivery, front, { clock, proxies }),
    );
    full.on('upgrade', (request, socket: Socket, head) => link?.upgrade(request, socket, head));
    this.secure = certificate && new SecureListener({ certificate, ticketKeys, next: front });
    this.playback = new PlaybackServer({ ...options, delivery, full, clock, front: this.secure });
  }

  /** On these sockets that listen already, or on its own; gives the port. */
  async start(descriptors: readonly number[] = []): Promise<number> {
    await this.playback.start(descriptors);
    this.cancelFigures = monitorThread((loop) => this.tellFigures(loop));
    return this.playback.address.port;
  }

  async stop(): Promise<void> {
    this.cancelFigures();
    this.link?.close();
    await this.playback.stop();
    this.events.flush();
  }

  /** Whether the node takes viewers and publishers: what its readiness probe says. */
  setReadiness(readiness: Readiness): void {
    this.readiness = readiness;
  }

  /** Who may watch from now on. */
  setPlayback(settings: PlaybackSettings): void {
    this.delivery.gate.update(settings);
  }

  /** For connections that come from now on. */
  setCertificate(pair: CertificatePair): void {
    this.secure?.setCertificate(pair);
  }

  /** Gives memory of viewer events back. */
  eventsRead(memory: ArrayBuffer): void {
    this.events.giveBack(memory);
  }

  private tellFigures(loop: ThreadFigures): void {
    const { delivery, playback, events } = this;
    events.flush();
    const { dropped: eventsDropped, told: eventsTold } = events;
    this.control.figures({
      eventsDropped,
      eventsTold,
      answers: delivery.stats(),
      sockets: playback.stats(),
      traffic: delivery.traffic(),
      ...loop,
    });
  }
}
