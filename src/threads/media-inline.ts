import type { CertificatePair } from '../base/certificate-pair.ts';
import type { FeedHub } from './feed-hub.ts';
import { MediaSide } from './media-side.ts';
import type { Media, MediaThreadControl, MediaThreadOptions } from './media-thread.ts';

/** The media side in control's own thread, which nobody replaces. */
export class MediaInline implements Media {
  readonly restarts = 0;
  private readonly side: MediaSide;

  constructor(options: MediaThreadOptions, control: MediaThreadControl, hub: FeedHub) {
    const sideOptions = { ...options, ports: [], firstSlabId: hub.nextSlabId };
    this.side = new MediaSide(sideOptions, {
      ...control,
      feed: (message) => hub.apply([message]),
      slabOpened: (id, buffer) => hub.slabOpened(id, buffer),
      slabSealed: (id) => hub.slabSealed(id),
    });
  }

  start(): Promise<readonly number[]> {
    return this.side.start();
  }

  stop(): Promise<void> {
    return this.side.stop();
  }

  slabFreed(id: number): void {
    this.side.slabsFreed([id]);
  }

  async stopStream(streamId: string, reason: 'operator' | 'key_revoked'): Promise<boolean> {
    return this.side.stopStream(streamId, reason);
  }

  endByKey(keyId: string): void {
    this.side.endByKey(keyId);
  }

  setCertificate(pair: CertificatePair): void {
    this.side.setCertificate(pair);
  }

  setLogLevel(): void {} // it shares control's log
}
