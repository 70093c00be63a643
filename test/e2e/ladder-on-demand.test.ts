import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { makeLiveClip } from '../support/clips.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publisher: Publisher | undefined;

beforeAll(async () => {
  folder = await temporaryFolder('ladder-on-demand');
  server = await TestServer.start({
    env: {
      STREAMCTL_LADDER_MODE: 'on_demand',
      STREAMCTL_HLS_SEGMENT: '1s',
      STREAMCTL_HLS_PART: '250ms',
      STREAMCTL_LADDER_RUNGS: '[{ name: 180p, height: 180, video_bitrate: 200k }]',
      STREAMCTL_LADDER_CPU_BUDGET: '100%',
    },
  });
});

afterAll(async () => {
  await publisher?.kill();
  await server?.dispose();
  await folder?.remove();
});

interface Listed {
  readonly msn: number;
  readonly isGap: boolean;
  readonly seconds: number;
}

function listed(playlist: string): Listed[] {
  const pattern =
    /(#EXT-X-GAP\n)?#EXT-X-PROGRAM-DATE-TIME:.*\n(?:#EXT-X-PART:.*\n)*#EXTINF:([\d.]+),\n.*segment-(\d+)\.m4s/g;
  return [...playlist.matchAll(pattern)].map(([, gap, seconds, msn]) => ({
    msn: Number(msn),
    isGap: gap !== undefined,
    seconds: Number(seconds),
  }));
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url);
  expect(answer.status, url).toBe(200);
  return answer.text();
}

test('a rung is offered all the time and made while somebody watches it, cut as the source is', async () => {
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'));
  const file = await makeLiveClip(folder.path, { fps: 30, keyframeSeconds: 1 }, 90);
  publisher = publishClip({ url: server.rtmpUrl, key: 'show' }, file);
  await server.isOnAir('show');
  const client = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  const ladder = async () => (await client.showStream('show')).ladder;
  await until('nobody watches', async () => {
    const now = await ladder();
    return now?.state === 'idle' && now.rungs[0]?.state === 'resting' && now.promised_cores === 0;
  });
  const { hls, dash } = server.playback('show');
  const offered = await text(hls);
  expect([...offered.matchAll(/\/(\w+)\/index\.m3u8$/gm)].map(([, name]) => name)).toEqual(['source', '180p']);
  expect(await text(dash)).toContain('<Representation id="180p"');

  const rungUrl = new URL('180p/index.m3u8', hls).href;
  const sourceUrl = new URL('source/index.m3u8', hls).href;
  // What it misses for longer than players reach back is gaps; a request wakes it, and is answered when there is media.
  await until(
    'it has been resting for long',
    async () => {
      const newest = listed(await text(sourceUrl)).at(-1)!.msn;
      return newest > 13;
    },
    60_000,
  );
  const woken = await until('it is answered with media behind its gaps', async () => {
    const answer = await text(rungUrl);
    return /#EXT-X-PART:/.test(answer.slice(answer.lastIndexOf('#EXT-X-GAP'))) && answer;
  });
  expect(woken).toMatch(/#EXT-X-GAP/);
  await until('it is told to be made', async () => (await ladder())?.rungs[0]?.state === 'live');

  const firstMade = listed(woken).findLast(({ isGap }) => isGap)!.msn + 1;
  const rung = await until('three segments of it are made', async () => {
    const now = listed(await text(rungUrl));
    return now.at(-1)!.msn >= firstMade + 2 && now;
  });
  const source = listed(await text(sourceUrl));
  for (const segment of rung.filter(({ msn }) => msn >= firstMade)) {
    expect(segment).toEqual(source.find(({ msn }) => msn === segment.msn));
  }
  await eventually(async () => {
    const { items: events } = await client.listEvents({ stream: 'show' });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['rung.rested', 'rung.wanted']));
  });
});
