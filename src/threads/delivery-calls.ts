import type { MessagePort } from 'node:worker_threads';
import type { PlaybackSettings } from '../access/playback-gate.ts';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { ViewerEventBatch } from '../delivery/viewer-events/event-batch.ts';
import type { Readiness } from '../front/readiness.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { DeliveryFigures, DeliverySideOptions } from './delivery-side.ts';

export interface DeliveryWorkerData extends DeliverySideOptions {
  readonly logLevel: string;
}

/** What control asks of a delivery thread. */
export type DeliveryCalls = {
  /** With sockets that listen already, if there are any; gives the port. */
  start(descriptors: readonly number[]): Promise<number>;
  stop(): Promise<void>;
  setReadiness(readiness: Readiness): void;
  setPlayback(settings: PlaybackSettings): void;
  setCertificate(pair: CertificatePair): void;
  /** Memory of viewer events that were read. */
  eventsRead(memory: ArrayBuffer): void;
  setLogLevel(level: string): void;
  /** The feed comes from this port now. */
  feedFrom(port: MessagePort): void;
  /** The media thread is dead: where does each stream go on? */
  continuities(): Promise<ReadonlyMap<string, Continuity>>;
};

/** What a delivery thread tells control. */
export type DeliveryReports = {
  log(line: string): void;
  figures(figures: DeliveryFigures): void;
  viewerEvents(batch: ViewerEventBatch): void;
};
