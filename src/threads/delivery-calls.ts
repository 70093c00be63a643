import type { MessagePort } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { DeliveryFigures, DeliverySideOptions } from './delivery-side.ts';

export interface DeliveryWorkerData extends DeliverySideOptions {
  readonly logLevel: string;
}

/** What control asks of a delivery thread. */
export type DeliveryCalls = {
  /** Gives the port it listens on. */
  start(): Promise<number>;
  stop(): Promise<void>;
  setReady(isReady: boolean): void;
  setCertificate(pair: CertificatePair): void;
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
};
