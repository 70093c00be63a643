import type { CertificatePair } from '../base/certificate-pair.ts';
import type { LiveFacts } from '../pipeline/live-facts.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import type { MediaFigures, MediaSideOptions } from './media-side.ts';
import type { PublishAnswer, PublishAttemptMessage } from './publish-message.ts';
import type { WireMessage } from './wire-feed.ts';

export interface MediaWorkerData extends MediaSideOptions {
  readonly logLevel: string;
}

/** What control asks of the media thread. */
export type MediaCalls = {
  /** Gives the ports it listens on. */
  start(): Promise<number[]>;
  stop(): Promise<void>;
  slabsFreed(ids: readonly number[]): void;
  stopStream(streamId: string, reason: 'operator' | 'key_revoked'): boolean;
  endByKey(keyId: string): void;
  setCertificate(pair: CertificatePair): void;
  setLogLevel(level: string): void;
};

/** What the media thread tells control, and asks of it. */
export type MediaReports = {
  log(line: string): void;
  authorizePublish(attempt: PublishAttemptMessage): PublishAnswer | Promise<PublishAnswer>;
  record(name: keyof StreamRecorder, args: readonly unknown[]): void;
  facts(facts: readonly LiveFacts[]): void;
  figures(figures: MediaFigures): void;
  slabOpened(id: number, buffer: SharedArrayBuffer): void;
  slabSealed(id: number): void;
  feed(messages: readonly WireMessage[]): void;
};
