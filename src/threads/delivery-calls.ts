import type { CertificatePair } from '../base/certificate-pair.ts';
import type { DeliveryFigures, DeliverySideOptions } from './delivery-side.ts';
import type { WireMessage, WireSnapshot } from './wire-feed.ts';

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
  slabOpened(id: number, buffer: SharedArrayBuffer): void;
  slabSealed(id: number): void;
  feed(messages: readonly WireMessage[]): void;
  restore(snapshots: readonly WireSnapshot[]): void;
};

/** What a delivery thread tells control. */
export type DeliveryReports = {
  log(line: string): void;
  figures(figures: DeliveryFigures): void;
  slabUnused(id: number): void;
};
