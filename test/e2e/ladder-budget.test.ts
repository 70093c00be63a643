import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { run } from '../support/child.ts';
import { makeLiveClip } from '../support/clips.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** Of the cores there are, and what one broadcast's only rung takes of them: two find room, a third does not. */
const budgetPercent = Math.max(1, Math.floor(100 / availableParallelism()));
const costCores = (availableParallelism() * budgetPercent) / 100 / 2.5;
/** What it takes on the reference machine. */
const referenceCores = 0.034;
const channels = ['one', 'two', 'three', 'four', 'five'];

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const publishers = new Map<string, Publisher>();

beforeAll(async () => {
  folder = await temporaryFolder('ladder-budget');
  server = await TestServer.start({
    env: {
      STREAMCTL_LADDER_MODE: 'auto',
      STREAMCTL_LADDER_RUNGS: '[{ name: 180p, height: 180, video_bitrate: 200k }]',
      STREAMCTL_LADDER_CPU_BUDGET: `${budgetPercent}%`,
    },
  });
  await server.stop();
  // What a machine had measured on which the rungs of two broadcasts fit into the budget, and not those of three.
  const { stdout } = await run('ffmpeg', ['-hide_banner', '-version']);
  const known = {
    ffmpeg_version: /^ffmpeg version (\S+)/.exec(stdout)?.[1],
    cpu_model: cpus()[0]?.model.trim(),
    cost_ratio: costCores / referenceCores,
  };
  await writeFile(join(server.dataFolder, 'transcoding-cost.json'), JSON.stringify(known));
  await server.launch();
});

afterAll(async () => {
  for (const publisher of publishers.values()) await publisher.kill();
  await server?.dispose();
  await folder?.remove();
});

interface ListedSegment {
  readonly seconds: number;
  readonly startMs: number;
  readonly isGap: boolean;
}

async function sourceSegments(channel: string): Promise<ListedSegment[]> {
  const text = await (await fetch(server.playback(channel).hls.replace('index', 'source/index'))).text();
  const pattern = /(#EXT-X-GAP\n)?#EXT-X-PROGRAM-DATE-TIME:(\S+)\n(?:#EXT-X-PART:.*\n)*#EXTINF:([\d.]+),/g;
  return [...text.matchAll(pattern)].map(([, gap, start, seconds]) => ({
    seconds: Number(seconds),
    startMs: Date.parse(start!),
    isGap: gap !== undefined,
  }));
}

test('broadcasts that ask for more than the budget have no rungs and lose nothing; what ends makes room for them', async () => {
  await until('it is known what this machine can do', () => server.log.includes('ready to transcode'));
  const file = await makeLiveClip(folder.path, { fps: 30 }, 90);
  for (const channel of channels) publishers.set(channel, publishClip({ url: server.rtmpUrl, key: channel }, file));
  await Promise.all(channels.map((channel) => server.isOnAir(channel)));
  const client = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  const rungStates = async () => {
    const { items } = await client.listStreams({ state: 'ACTIVE' });
    return new Map(items.map(({ channel, ladder }) => [channel, ladder?.rungs[0]]));
  };
  const inState = async (state: string) =>
    [...(await rungStates())].filter(([, rung]) => rung?.state === state).map(([channel]) => channel);
  await until('two broadcasts have their rung', async () => (await inState('live')).length === 2);

  const withheld = await inState('withheld');
  expect(withheld).toHaveLength(3);
  const why = (await rungStates()).get(withheld[0]!)?.why;
  expect(why).toMatch(/^180p is withheld: it takes 0\.\d\d cores, and of the \d\.\d\d that ladder\.cpu_budget allows/);
  expect(server.log).toContain(why);
  const { stdout } = await server.command('streams', 'show', withheld[0]!);
  expect(stdout).toMatch(/^180p +withheld +320x180/m);
  expect(stdout).toContain(why);
  const metrics = await until('frames of the rungs are counted', async () => {
    const answer = await unixFetch(join(server.dataFolder, 'control.sock'))(new Request('http://h/metrics'));
    const text = await answer.text();
    return /^streamctl_rung_frames_total\{rung="180p"\} [1-9]/m.test(text) && text;
  });
  expect(metrics).toMatch(/^streamctl_ladder_rungs\{state="withheld"\} 3$/m);
  const promised = Number(/^streamctl_ladder_promised_cores (\S+)$/m.exec(metrics)?.[1]);
  expect(promised / costCores).toBeGreaterThan(1.8);
  expect(promised / costCores).toBeLessThan(2.5);

  const ended = await inState('live');
  for (const channel of ended) await publishers.get(channel)!.stop();
  const endedAtMs = performance.now();
  const heirs = await until('two others have theirs', async () => {
    const live = (await inState('live')).filter((channel) => !ended.includes(channel));
    return live.length === 2 && live;
  });
  expect(performance.now() - endedAtMs).toBeLessThan(10_000);
  const [row] = (await client.listStreams({ channel: heirs[0]! })).items;
  const { items: events } = await client.listEvents({ stream: row!.id });
  expect(events.flatMap(({ type, payload }) => (type === 'ladder.planned' ? [payload.rungs] : []))).toEqual([
    [],
    ['180p'],
  ]);

  for (const channel of withheld) {
    const segments = await until('it has a few segments', async () => {
      const listed = await sourceSegments(channel);
      return listed.length > 5 && listed;
    });
    for (const [index, { seconds, startMs, isGap }] of segments.entries()) {
      expect(isGap).toBe(false);
      expect(seconds).toBeCloseTo(2, 2);
      const before = segments[index - 1];
      if (before !== undefined) expect(Math.abs(startMs - before.startMs - 2000)).toBeLessThan(3);
    }
    const newest = segments.at(-1)!;
    expect(Date.now() - newest.startMs - 2000).toBeLessThan(3500); // the one being made, and a busy machine
  }
});

test('what was measured is kept, and a key restricts what its broadcasts get', async () => {
  const kept = JSON.parse(await readFile(join(server.dataFolder, 'transcoding-cost.json'), 'utf8'));
  expect(kept.cost_ratio).toBeCloseTo(costCores / referenceCores);
  const client = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  const { key } = await client.createKey({ channel: 'plain', policy: { ladder: [] } });
  const file = join(folder.path, 'live-360p.flv');
  publishers.set('plain', publishClip({ url: server.rtmpUrl, key }, file));
  await server.isOnAir('plain');
  const ladder = await until('its ladder is planned', async () => {
    const { ladder: told } = await client.showStream('plain');
    return told?.state === 'idle' && told;
  });
  expect(ladder.rungs).toMatchObject([{ name: '180p', state: 'left_out', why: expect.stringContaining('key') }]);
  const listed = await (await fetch(server.playback('plain').hls)).text();
  expect([...listed.matchAll(/\/(\w+)\/index\.m3u8$/gm)].map(([, name]) => name)).toEqual(['source']);
});
