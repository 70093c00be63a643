import type { CertificatePair } from '../base/certificate-pair.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Announcement } from '../pipeline/live-facts.ts';
import type { PublishPolicy } from '../stream/publication.ts';
import { MediaSide } from './media-side.ts';
import type { Media, MediaThreadControl, MediaThreadOptions } from './media-thread.ts';
import type { PortSockets } from './port-sockets.ts';

/** The media side in control's own thread, which nobody replaces. */
export class MediaInline implements Media {
  readonly restarts = 0;
  readonly silentMs = 0; // this thread asks
  private readonly side: MediaSide;
  private readonly sockets: PortSockets | undefined;

  constructor(options: MediaThreadOptions, control: MediaThreadControl) {
    this.sockets = control.sockets;
    this.side = new MediaSide({ ...options, ports: [], firstSlabId: 1, mayRest: false }, control);
  }

  /** What a delivery in this thread can answer from. */
  get delivery(): Delivery {
    return this.side.delivery;
  }

  start(): Promise<readonly number[]> {
    const { sockets } = this;
    return this.side.start(sockets && { rtmp: sockets.lend('rtmp'), rtmps: sockets.lend('rtmps') });
  }

  stop(): Promise<void> {
    return this.side.stop();
  }

  async announce(announcement: Announcement): Promise<void> {
    this.side.announce(announcement);
  }

  async stopStream(streamId: string): Promise<boolean> {
    return this.side.stopStream(streamId);
  }

  endByKey(keyId: string): void {
    this.side.endByKey(keyId);
  }

  changePolicy(keyId: string, policy: PublishPolicy): void {
    this.side.changePolicy(keyId, policy);
  }

  setCertificate(pair: CertificatePair): void {
    this.side.setCertificate(pair);
  }

  setLogLevel(): void {} // it shares control's log
}
