import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { makeLadderClip } from '../support/clips.ts';
import { downloadRendition } from '../support/download.ts';
import { frameHashes } from '../support/frame-hashes.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('ladder');
  server = await TestServer.start({ env: { STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_HLS_WINDOW: '60s' } });
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

/** Numbers and lengths of all segments. */
async function segmentsOf(playlistUrl: string): Promise<string[]> {
  const text = await (await fetch(playlistUrl)).text();
  return [...text.matchAll(/#EXTINF:([\d.]+),\n.*segment-(\d+)\.m4s/g)].map(([, seconds, msn]) => `${msn}: ${seconds}`);
}

test('rungs have the segments of the source and every one of its frames, are offered from the first look on, and a strict outsider finds nothing', async () => {
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'));
  const file = await makeLadderClip(folder.path, 16);
  const { hls, ts, dash } = server.playback('show');
  const publisher = publishClip({ url: server.rtmpUrl, key: 'show' }, file);
  const first = await until('it is listed', async () => {
    const answer = await fetch(hls);
    return answer.ok && (await answer.text());
  });
  expect([...first.matchAll(/\/(\w+)\/index\.m3u8$/gm)].map(([, name]) => name)).toEqual(['source', '480p', '360p']);
  expect(first).toMatch(/RESOLUTION=854x480,FRAME-RATE=30\.000/);
  const watch = new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash });
  await watch.start();
  const { exitCode, output } = await publisher.ended;
  expect(exitCode, output).toBe(0);
  await until('all playlists end', () => [...watch.renditions.values()].every(({ latest }) => latest?.isEnded));
  const report = await watch.stop();
  expect(report.findings, server.log).toEqual([]);
  expect([...watch.renditions.values()].filter(({ segments }) => segments.size >= 6)).toHaveLength(7);

  const [source, ...rungs] = await Promise.all(
    ['source', '480p', '360p'].map((name) => segmentsOf(new URL(`${name}/index.m3u8`, hls).href)),
  );
  expect(source!.length).toBeGreaterThan(3);
  expect(rungs).toEqual([source, source]);
  const frames = (await frameHashes(file, 'video')).length;
  for (const name of ['source', '480p', '360p']) {
    const { bytes } = await downloadRendition(new URL(`${name}/index.m3u8`, hls).href);
    const rendition = join(folder.path, `${name}.mp4`);
    await writeFile(rendition, bytes);
    expect(await frameHashes(rendition, 'video'), name).toHaveLength(frames);
  }
});
