import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clips, makeClip } from '../support/clips.ts';
import { downloadAll, hasEnded } from '../support/download.ts';
import { frameHashes } from '../support/frame-hashes.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('frames');
  server = await TestServer.start();
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

/** Where two lists of frames differ, in one line; `undefined` when they do not. */
function differenceOf(got: readonly string[], wanted: readonly string[]): string | undefined {
  const at = wanted.findIndex((hash, index) => got[index] !== hash);
  if (at === -1 && got.length === wanted.length) return undefined;
  return `${got.length} frames of ${wanted.length}; the first that differs is ${at}`;
}

/** Saves every rendition below a name of its own; gives the files. */
async function saved(url: string, name: string): Promise<string[]> {
  const downloads = await downloadAll(url);
  expect(downloads.every((download) => download.isEnded)).toBe(true);
  return Promise.all(
    downloads.map(async ({ bytes }, index) => {
      const file = join(folder.path, `${name}-${index}`);
      await writeFile(file, bytes);
      return file;
    }),
  );
}

test.concurrent.each(clips)(
  'every frame of $name ($rate fps, $bFrames B-frames, $sampleRateHz Hz) comes out as it went in',
  async (clip) => {
    const file = await makeClip(clip, folder.path, 7);
    const video = await frameHashes(file, 'video');
    const audio = await frameHashes(file, 'audio');
    const { hls, ts } = server.playback(clip.name);
    const publisher = publishClip({ url: server.rtmpUrl, key: clip.name }, file);
    const { exitCode, output } = await publisher.ended;
    expect(exitCode, output).toBe(0);
    await until('the playlists end', async () => (await hasEnded(hls)) && (await hasEnded(ts)));

    const [cmafVideo = '', cmafAudio = ''] = await saved(hls, `${clip.name}-cmaf`);
    const [transport = ''] = await saved(ts, `${clip.name}-ts`);
    expect(differenceOf(await frameHashes(cmafVideo, 'video'), video), 'fMP4 video').toBeUndefined();
    expect(differenceOf(await frameHashes(cmafAudio, 'audio'), audio), 'fMP4 audio').toBeUndefined();
    expect(differenceOf(await frameHashes(transport, 'video'), video), 'MPEG-TS video').toBeUndefined();
    expect(differenceOf(await frameHashes(transport, 'audio'), audio), 'MPEG-TS audio').toBeUndefined();
  },
  120_000,
);
