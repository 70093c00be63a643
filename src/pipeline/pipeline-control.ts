import type { LiveControl, LiveStatus, LiveStreamView } from '../api/live-control.ts';
import type { RenditionView } from '../contract/api.ts';
import type { Rendition } from '../packager/rendition.ts';
import type { LiveBroadcast, MediaPipeline } from './media-pipeline.ts';

/** What delivery has measured, as far as the API shows it. */
export interface DeliveryFigures {
  /** Average bit rate of a rendition so far, bit/s; 0 when nothing is known. */
  bitrateBps(streamId: string, rendition: string): number;
  viewers(streamId: string): number;
  requestsTotal(): number;
}

/** The running broadcasts as the API sees and stops them. */
export class PipelineControl implements LiveControl {
  private readonly pipeline: MediaPipeline;
  private readonly figures: DeliveryFigures;
  private readonly warnings: readonly string[];

  constructor(pipeline: MediaPipeline, figures: DeliveryFigures, warnings: readonly string[]) {
    this.pipeline = pipeline;
    this.figures = figures;
    this.warnings = warnings;
  }

  list(): readonly LiveStreamView[] {
    return this.pipeline.list.map((broadcast) => this.view(broadcast));
  }

  get(idOrChannel: string): LiveStreamView | undefined {
    const broadcast = this.pipeline.find(idOrChannel);
    return broadcast && this.view(broadcast);
  }

  async stop(idOrChannel: string, reason: 'operator' | 'key_revoked'): Promise<boolean> {
    const broadcast = this.pipeline.find(idOrChannel);
    if (broadcast === undefined || broadcast.stream.hasEnded) return false;
    broadcast.stream.stop(reason);
    await this.pipeline.journal.settled();
    return true;
  }

  status(): LiveStatus {
    const live = this.pipeline.list;
    const { lostWrites, waitingWrites } = this.pipeline.journal;
    const storeWarnings = [
      ...(lostWrites > 0 ? [`${lostWrites} writes to the store were lost; the log says why`] : []),
      ...(waitingWrites > 100 ? [`${waitingWrites} writes wait for the store`] : []),
    ];
    return {
      publishers: live.filter(({ stream }) => stream.publisher !== undefined).length,
      viewers: live.reduce((sum, { stream }) => sum + this.figures.viewers(stream.id), 0),
      requestsTotal: this.figures.requestsTotal(),
      warnings: [...this.warnings, ...storeWarnings],
    };
  }

  private view({ stream, packager, meter, warnings }: LiveBroadcast): LiveStreamView {
    const { publisher } = stream;
    const { droppedFrames, surplusFrames } = packager.repairs;
    return {
      streamId: stream.id,
      channel: stream.channel,
      viewers: this.figures.viewers(stream.id),
      renditions: packager.renditions.map((rendition) => this.renditionView(stream.id, rendition)),
      interruptedSinceMs: stream.interruptedSinceMs,
      ingest: publisher && {
        bitrateBps: meter.bitrateBps,
        encoder: publisher.connection.encoder,
        remoteAddress: publisher.connection.remoteAddress,
        frames: publisher.videoFrames + publisher.audioFrames,
        dropped: droppedFrames + surplusFrames + stream.repairs.droppedFrames,
      },
      warnings,
    };
  }

  private renditionView(streamId: string, { name, config, frameRate }: Rendition): RenditionView {
    return {
      name,
      width: config.kind === 'video' ? config.widthPixels : null,
      height: config.kind === 'video' ? config.heightPixels : null,
      fps: frameRate ?? null,
      bitrate_bps: this.figures.bitrateBps(streamId, name),
      codecs: config.codecString,
    };
  }
}
