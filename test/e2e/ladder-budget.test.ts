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
import { eventually, until } from '../support/until.ts';

/** Of the cores there are, and what one broadcast's only rung takes of them: two find room, a third does not. */
const budgetPercent = Math.max(1, Math.floor(100 / availableParallelism()));
const costCores = (availableParallelism() * budgetPercent) / 100 / 2.5;
/** What it takes on the reference machine. */
const referenceCores = 0.034;
const channels = ['one', 'two', 'three', 'four', 'five'];

/** For all broadcasts. */
let file: string;
let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const publishers = new Map<string, Publisher>();

beforeAll(async () => {
  folder = await temporaryFolder('ladder-budget');
  file = await makeLiveClip(folder.path, { fps: 30 }, 120);
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
  for (const channel of channels) publishers.set(channel, publishClip({ url: server.rtmpUrl, key: channel }, file));
  await Promise.all(channels.map((channel) => server.isOnAir(channel)));
  const client = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  const rungStates = async () => {
    const { items } = await client.listStreams({ state: 'ACTIVE' });
    return new Map(items.map(({ channel, ladder }) => [channel, ladder?.rungs[0]]));
  };
  const inState = async (state: string) =>
    [...(await rungStates())].filter(([, rung]) => rung?.state === state).map(([channel]) => channel);
  const withheld = await until('two broadcasts have their rung, and the others know that they have none', async () => {
    const [live, without] = [await inState('live'), await inState('withheld')];
    return live.length === 2 && without.length === 3 && without;
  });
  const why = (await rungStates()).get(withheld[0]!)?.why;
  expect(why).toMatch(/^180p is withheld: it takes 0\.\d\d cores, and of the \d\.\d\d that ladder\.cpu_budget allows/);
  await until('the log has it', () => server.log.includes(why!));
  const { stdout } = await server.command('streams', 'show', withheld[0]!);
  expect(stdout).toMatch(/^180p +withheld +320x180/m);
  expect(stdout).toContain(why);
  await eventually(async () => {
    const answer = await unixFetch(join(server.dataFolder, 'control.sock'))(new Request('http://h/metrics'));
    const metrics = await answer.text();
    expect(metrics).toMatch(/^streamctl_rung_frames_total\{rung="180p"\} [1-9]/m);
    expect(metrics).toMatch(/^streamctl_ladder_rungs\{state="withheld"\} 3$/m);
    const promised = Number(/^streamctl_ladder_promised_cores (\S+)$/m.exec(metrics)?.[1]);
    expect(promised / costCores).toBeGreaterThan(1.8);
    expect(promised / costCores).toBeLessThan(2.5);
  });

  const ended = await inState('live');
  for (const channel of ended) await publishers.get(channel)!.stop();
  const heirs = await until('two others have theirs', async () => {
    const live = (await inState('live')).filter((channel) => !ended.includes(channel));
    return live.length === 2 && live;
  });
  const eventsOf = async (channel: string) => {
    const [row] = (await client.listStreams({ channel })).items;
    return (await client.listEvents({ stream: row!.id })).items;
  };
  const leftMs = await Promise.all(ended.map(async (channel) => Date.parse((await eventsOf(channel)).at(-1)!.time)));
  for (const heir of heirs) {
    const plans = (await eventsOf(heir)).flatMap(({ time, type, payload }) =>
      type === 'ladder.planned' ? [{ time, rungs: payload.rungs }] : [],
    );
    expect(plans.map(({ rungs }) => rungs)).toEqual([[], ['180p']]);
    expect(Date.parse(plans[1]!.time) - Math.max(...leftMs)).toBeLessThan(10_000);
  }

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
    await until('it is as live as ever', async () => {
      const newest = (await sourceSegments(channel)).at(-1)!;
      return Date.now() - newest.startMs - 2000 < 3500; // the one being made, and a busy machine
    });
  }
});

test('what was measured is kept, and a key restricts what its broadcasts get', async () => {
  const kept = JSON.parse(await readFile(join(server.dataFolder, 'transcoding-cost.json'), 'utf8'));
  expect(kept.cost_ratio).toBeCloseTo(costCores / referenceCores);
  const client = new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
  const { key } = await client.createKey({ channel: 'plain', policy: { ladder: [] } });
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
