import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { PlaybackSettings } from '../access/playback-gate.ts';
import type { ViewerEventReader, ViewerEventSink } from '../delivery/viewer-events/event-reader.ts';
import type { Readiness } from '../front/readiness.ts';
import type { Log } from '../observability/log.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { DeliveryCalls, DeliveryReports, DeliveryWorkerData } from './delivery-calls.ts';
import type { DeliveryFigures } from './delivery-side.ts';
import { writeForwarded } from './forwarded-log.ts';
import { SupervisedThread } from './supervised-thread.ts';
import type { ThreadLink } from './thread-link.ts';

/** Where viewer events go to. */
export interface ViewerEventIntake {
  /** For one thread, from its beginning to its end. */
  newReader(): ViewerEventReader;
  readonly take: ViewerEventSink;
}

/** One delivery thread and its successors: when one dies its viewers connect anew, and the next one knows all that it knew. */
export class DeliveryThread extends SupervisedThread<DeliveryCalls, DeliveryWorkerData, number> {
  /** What it told last; undefined until it has. */
  figures: DeliveryFigures | undefined;
  private readonly name: string;
  private readonly attach: (port: MessagePort) => void;
  private readonly lendSockets: () => readonly number[];
  private readonly newReader: () => ViewerEventReader;
  private readonly onViewerEvent: ViewerEventSink;
  private readiness: Readiness = 'unready';

  /** `attach` has the media thread feed a port; `lendSockets` gives descriptors that listen already, new ones each time. */
  constructor(
    name: string,
    data: DeliveryWorkerData,
    attach: (port: MessagePort) => void,
    lendSockets: () => readonly number[],
    { newReader, take }: ViewerEventIntake,
    log: Log,
  ) {
    super({ entry: 'delivery', name, data, deathCode: 'DELIVERY_THREAD_DIED', log });
    this.name = name;
    this.attach = attach;
    this.lendSockets = lendSockets;
    this.newReader = newReader;
    this.onViewerEvent = take;
  }

  setReadiness(readiness: Readiness): void {
    this.readiness = readiness;
    this.link?.tell('setReadiness', readiness);
  }

  /** Who may watch from now on; its successors know it from the start. */
  setPlayback(playback: PlaybackSettings): void {
    this.data = { ...this.data, playback };
    this.link?.tell('setPlayback', playback);
  }

  /** A port by which the media thread can feed this one; it is gone when one of the two is. */
  newFeed(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.link?.tellWith([port2], 'feedFrom', port2);
    return port1;
  }

  /** After the death of the media thread: where its streams go on, as far as this thread knows. */
  async continuities(): Promise<ReadonlyMap<string, Continuity>> {
    return (await this.link?.call('continuities').catch(() => undefined)) ?? new Map();
  }

  /** Gives the port, which its successors take as well. */
  protected async begin(link: ThreadLink<DeliveryCalls>): Promise<number> {
    // The first one is fed by the media thread that begins after it.
    if (this.restarts > 0) this.attach(this.newFeed());
    link.tell('setReadiness', this.readiness);
    const port = await link.call('start', this.lendSockets());
    this.data = { ...this.data, listen: { ...this.data.listen, port } };
    return port;
  }

  protected reports(): DeliveryReports {
    const reader = this.newReader();
    return {
      log: (line) => writeForwarded(this.log, line),
      figures: (figures) => {
        this.figures = figures;
      },
      viewerEvents: (batch) => {
        reader.read(batch, this.onViewerEvent);
        this.link?.tellWith([batch.memory], 'eventsRead', batch.memory);
      },
    };
  }

  protected died(): void {
    this.figures = undefined;
    this.log.error({ thread: this.name }, 'a delivery thread died and is started anew: its viewers connect again');
  }
}
