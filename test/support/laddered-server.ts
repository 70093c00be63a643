import { join, resolve } from 'node:path';
import { Child, run } from './child.ts';
import { type Picture, type Publisher, publisherOf } from './publishers/publisher.ts';
import { TestServer } from './server.ts';
import { temporaryFolder } from './temp-folder.ts';
import { until } from './until.ts';

const mainFile = resolve(import.meta.dirname, '../../src/main.ts');

/** A broadcast of 720p30 with about 3.4 Mbit/s, and a server whose ffmpeg makes 480p and 360p of it. */
export interface LadderedServer {
  readonly server: TestServer;
  readonly publisher: Publisher;
  stop(): Promise<void>;
}

const picture720p: Picture = { width: 1280, height: 720, fps: 30, keyframeSeconds: 2, videoKbps: 3400 };

/** What is sent over and over: made once, because two cores cannot encode it beside everything else. */
export async function makeNoisyClip(folder: string, picture: Picture, seconds: number): Promise<string> {
  const { width, height, fps, keyframeSeconds, videoKbps } = picture;
  const file = join(folder, `noisy-${height}p.flv`);
  const { code, stderr } = await run(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-y'],
      // Noise, so that the bit rate is what it is said to be.
      ...['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps},noise=alls=10:allf=t`],
      ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000', '-t', String(seconds)],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
      ...['-g', `${fps * keyframeSeconds}`, '-sc_threshold', '0', '-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`],
      ...['-bufsize', `${videoKbps / 2}k`],
      ...['-c:a', 'aac', '-b:a', '96k', '-ac', '2', file],
    ],
    { timeoutMs: 180_000 },
  );
  if (code !== 0) throw new Error(`ffmpeg could not make ${file}: ${stderr}`);
  return file;
}

/** By our own publisher: where ffmpeg begins a file again, its timestamps have a seam. */
export function publishOverAndOver(file: string, url: string): Publisher {
  return publisherOf(new Child(process.execPath, [mainFile, 'publish', file, url, '--loop']));
}

/** On air as `channel` when it resolves. */
export async function startLadderedServer(channel: string, clipSeconds = 30): Promise<LadderedServer> {
  const folder = await temporaryFolder('laddered');
  const file = await makeNoisyClip(folder.path, picture720p, clipSeconds);
  const server = await TestServer.start({ env: { STREAMCTL_LADDER_MODE: 'auto' } });
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'), 60_000);
  const publisher = publishOverAndOver(file, `${server.rtmpUrl}/${channel}`);
  await server.isOnAir(channel);
  await until('360p is made', async () => {
    const url = new URL('360p/index.m3u8', server.playback(channel).hls).href;
    return (await (await fetch(url)).text()).includes('segment-3.');
  });
  return {
    server,
    publisher,
    stop: async () => {
      await publisher.stop();
      await server.dispose();
      await folder.remove();
    },
  };
}
