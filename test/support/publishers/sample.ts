import { resolve } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { ClipPublisher } from '../../../src/publisher/clip-publisher.ts';
import { loadClip } from '../../../src/publisher/flv-clip.ts';

const sampleFile = resolve(import.meta.dirname, '../../../packaging/sample/sample.flv');

/** Publishes the bundled sample, or another clip, again and again until it is stopped. `rtmpUrl` is the server's: rtmp://HOST:PORT/live. */
export async function publishSample(
  rtmpUrl: string,
  streamName: string,
  clipFile = sampleFile,
): Promise<{ publisher: ClipPublisher; stop: () => Promise<void> }> {
  const { hostname, port } = new URL(rtmpUrl);
  const publisher = new ClipPublisher({
    clip: await loadClip(clipFile),
    url: { isTls: false, host: hostname, port: Number(port), app: 'live', streamName },
    clock: systemClock,
    loop: true,
    reconnect: true,
  });
  const ending = new AbortController();
  const publishing = publisher.run(ending.signal).catch(() => undefined);
  const stop = async () => {
    ending.abort();
    await publishing;
  };
  return { publisher, stop };
}
