import type { MessagePort } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { HandedDescriptors } from '../ingest/rtmp/server.ts';
import type { Announcement, LiveFacts } from '../pipeline/live-facts.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import type { PublishPolicy } from '../stream/publication.ts';
import type { MediaFigures, MediaSideOptions } from './media-side.ts';
import type { PublishAnswer, PublishAttemptMessage } from './publish-message.ts';

export interface MediaWorkerData extends MediaSideOptions {
  readonly logLevel: string;
}

/** What control asks of the media thread. */
export type MediaCalls = {
  /** With the delivery threads there are and sockets that listen already; gives the ports it listens on. */
  start(readers: readonly MessagePort[], handed: HandedDescriptors): Promise<number[]>;
  /** Another delivery thread has come. */
  attach(reader: MessagePort): void;
  stop(): Promise<void>;
  announce(announcement: Announcement): void;
  stopStream(streamId: string): boolean;
  endByKey(keyId: string): void;
  changePolicy(keyId: string, policy: PublishPolicy): void;
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
};
