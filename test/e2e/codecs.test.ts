import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { run } from '../support/child.ts';
import { downloadRendition, hasEnded } from '../support/download.ts';
import { enhancedFlv } from '../support/enhanced-flv.ts';
import { frameHashes } from '../support/frame-hashes.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { av1Clip, hevcClip, type SourceClip } from '../transcode/source-clips.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let plain: TestServer;
let laddered: TestServer;

beforeAll(async () => {
  folder = await temporaryFolder('codecs');
  const rungs = '[{ name: 180p, height: 180, video_bitrate: 200k }, { name: 96p, height: 96, video_bitrate: 60k }]';
  const window = { STREAMCTL_HLS_WINDOW: '60s' };
  plain = await TestServer.start({ env: window });
  laddered = await TestServer.start({
    env: { ...window, STREAMCTL_LADDER_MODE: 'auto', STREAMCTL_LADDER_RUNGS: rungs },
  });
  await until('nothing is measured any more', () => laddered.log.includes('what transcoding costs here'));
});

afterAll(async () => {
  await Promise.all([plain?.dispose(), laddered?.dispose()]);
  await folder?.remove();
});

/** Two GOPs of 45 frames, again and again: 6 s. */
function sixSeconds({ config, units }: SourceClip): SourceClip {
  const round = units.slice(0, 90);
  return {
    config,
    units: [0, 3000].flatMap((shiftMs) => round.map((unit) => ({ ...unit, dtsMs: unit.dtsMs + shiftMs }))),
  };
}

/** From the first multivariant answer to the end; resolves with what was listed first, and how many frames each rendition has. */
async function broadcast(server: TestServer, channel: string, video: SourceClip) {
  const { hls, dash } = server.playback(channel);
  const file = join(folder.path, `${channel}.flv`);
  await writeFile(file, enhancedFlv({ video }));
  const publishing = run(process.execPath, [main, 'publish', file, `${server.rtmpUrl}/${channel}`]);
  const first = await until('it is listed', async () => {
    const answer = await fetch(hls);
    return answer.ok && (await answer.text());
  });
  const watch = new StreamWatch({ playlistUrls: [hls], mpdUrl: dash });
  await watch.start();
  const { code, stderr } = await publishing;
  expect(code, stderr).toBe(0);
  await until('its playlists end', () => hasEnded(hls));
  expect((await watch.stop()).findings, server.log).toEqual([]);
  const variants = [...first.matchAll(/CODECS="([^"]+)".*\n(.*\/(\w+)\/index\.m3u8)/g)];
  const renditions = variants.map(async ([, codecs, uri, name]) => {
    const { bytes } = await downloadRendition(new URL(uri!, hls).href);
    const download = join(folder.path, `${channel}-${name}.mp4`);
    await writeFile(download, bytes);
    return { name, codecs, frames: (await frameHashes(download, 'video')).length };
  });
  return Promise.all(renditions);
}

test('HEVC and AV1 by Enhanced RTMP are passed through frame by frame, under their names', async () => {
  const [hevc, av1] = await Promise.all([
    broadcast(plain, 'hevc', sixSeconds(hevcClip())),
    broadcast(plain, 'av1', sixSeconds(av1Clip())),
  ]);
  expect(hevc).toEqual([{ name: 'source', codecs: 'hvc1.1.6.L63.90', frames: 180 }]);
  expect(av1).toEqual([{ name: 'source', codecs: expect.stringMatching(/^av01\.0\.\d\dM\.08$/), frames: 180 }]);
});

test('where there is a ladder, everybody gets H.264 in place of HEVC, without a frame missing', async () => {
  const codecs = expect.stringMatching(/^avc1\.4d40/);
  expect(await broadcast(laddered, 'hevc', sixSeconds(hevcClip()))).toEqual([
    { name: '180p', codecs, frames: 180 },
    { name: '96p', codecs, frames: 180 },
  ]);
  expect(laddered.log).toMatch(/in place of the source: HEVC/);
});
