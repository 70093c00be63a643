import type { Packager } from '../packager/packager.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { BroadcastCheckup } from './broadcast-checkup.ts';
import type { IngestMeter } from './ingest-meter.ts';
import type { LiveFacts } from './live-facts.ts';
import type { NewestPicture } from './newest-picture.ts';
import type { PolicyGuard } from './policy-guard.ts';
import type { Transcoding } from './transcoding.ts';

/** A broadcast with all that works for it. */
export interface LiveBroadcast {
  readonly stream: LiveStream;
  readonly packager: Packager;
  readonly meter: IngestMeter;
  readonly picture: NewestPicture;
  readonly checkup: BroadcastCheckup;
  readonly guard: PolicyGuard;
}

/** What is told of a broadcast. `bitrateBps` knows how much of a stream's rendition has been fed, on average. */
export function factsOf(
  { stream, packager, meter, checkup }: LiveBroadcast,
  transcoding: Pick<Transcoding, 'withheld' | 'view'>,
  bitrateBps: (streamId: string, rendition: string) => number,
): LiveFacts {
  const { id, publisher } = stream;
  const { droppedFrames, surplusFrames } = packager.repairs;
  const withheld = transcoding.withheld(id).map((text) => ({
    code: 'rung-withheld' as const,
    severity: 'warning' as const,
    figures: { text },
  }));
  return {
    streamId: stream.id,
    channel: stream.channel,
    state: stream.state,
    interruptedSinceMs: stream.interruptedSinceMs,
    ingest: publisher && {
      bitrateBps: meter.bitrateBps,
      encoder: publisher.connection.encoder,
      remoteAddress: publisher.connection.remoteAddress,
      connectedAtMs: publisher.connectedAtMs,
      frames: publisher.videoFrames + publisher.audioFrames,
      dropped: droppedFrames + surplusFrames + stream.repairs.droppedFrames,
      rhythm: { fps: meter.videoFps, ...checkup.rhythm },
    },
    renditions: packager.renditions.map(({ name, config, frameRate }) => ({
      name,
      width: config.kind === 'video' ? config.widthPixels : null,
      height: config.kind === 'video' ? config.heightPixels : null,
      fps: frameRate ?? null,
      bitrate_bps: bitrateBps(stream.id, name),
      codecs: config.codecString,
    })),
    findings: [...checkup.findings, ...withheld],
    ladder: transcoding.view(id),
  };
}
