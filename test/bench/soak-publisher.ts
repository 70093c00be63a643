import { StreamWatch, type WatchReport } from '../support/checker/stream-watch.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';

export interface PublisherSoakOptions {
  readonly minutes: number;
  /** The publisher is killed and comes back; infinity: never. */
  readonly reconnectSeconds: number;
  /** In another size each time. */
  readonly changesResolution: boolean;
}

const sizes = [
  { width: 640, height: 360 },
  { width: 426, height: 240 },
];

/** One ffmpeg publisher, one server, and the strict outsider for a long time. */
export async function soakPublisher(options: PublisherSoakOptions): Promise<WatchReport> {
  const endsAtMs = performance.now() + options.minutes * 60_000;
  const server = await TestServer.start();
  const publish = (round: number) => {
    const size = sizes[options.changesResolution ? round % sizes.length : 0];
    return publishTestPicture({ url: server.rtmpUrl, key: 'soak' }, 86_400, { keyframeSeconds: 1, ...size });
  };
  let publisher = publish(0);
  await server.isOnAir('soak');
  const { hls, ts, dash } = server.playback('soak');
  const watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  await watch.start();
  for (let round = 1; performance.now() < endsAtMs; round++) {
    const waitMs = Math.min(options.reconnectSeconds * 1000, endsAtMs - performance.now());
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await watch.probe();
    console.error(`round ${round}: ${watch.findings.all.length} findings`);
    if (performance.now() >= endsAtMs) break;
    await publisher.kill();
    publisher = publish(round);
  }
  const report = await watch.stop();
  await publisher.stop();
  await server.dispose();
  return report;
}
