import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SessionView, sessionPage } from '../../src/contract/sessions.ts';
import { BrowserPlayers } from '../support/players/browser-players.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { eventually, until } from '../support/until.ts';

let server: TestServer;
let players: BrowserPlayers;

beforeAll(async () => {
  server = await TestServer.start({ env: { STREAMCTL_METRICS_PUBLIC: 'true' } });
  players = await BrowserPlayers.launch();
});

afterAll(async () => {
  await players?.close();
  await server?.dispose();
});

async function viewers(): Promise<number> {
  const { stdout } = await server.command('streams', 'list', '--json');
  return (JSON.parse(stdout) as { items: { viewers: number }[] }).items[0]?.viewers ?? 0;
}

async function sessions(channel: string): Promise<readonly SessionView[]> {
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const answer = await fetch(`${server.httpUrl}/streams/${channel}/sessions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return sessionPage.parse(await answer.json()).items;
}

test('every player is one viewer, whatever it tells, and what the page tells is what its viewer saw', async () => {
  const target = { url: server.rtmpUrl, key: 'show' };
  let publisher = publishTestPicture(target, 200, { keyframeSeconds: 1 });
  await server.isOnAir('show');
  const { watch, hls, dash } = server.playback('show');
  const cmcd = { version: 2, useHeaders: false, sessionId: 'player-of-another-page', contentId: 'show' } as const;
  const page = await players.watch(watch);
  const plays = [
    page,
    await players.watch(watch),
    await players.start('hls.js', hls, { ...cmcd, eventUrl: `${server.httpUrl}/cmcd` }),
    await players.start('shaka', hls),
    await players.start('dash.js', dash),
  ];
  // Five players on two cores.
  await until(
    'all play',
    async () => {
      const reports = await Promise.all(plays.map((play) => play.report()));
      return reports.every(({ playedSeconds }) => playedSeconds > 1);
    },
    60_000,
  );
  await eventually(async () => expect(await viewers()).toBe(plays.length), 30_000);

  await publisher.kill();
  await until('the pictures stand still', async () => {
    const reports = await Promise.all(plays.slice(0, 3).map((play) => play.report()));
    return reports.every(({ stallSeconds }) => stallSeconds > 1.5);
  });
  publisher = publishTestPicture(target, 200, { keyframeSeconds: 1 });
  const stoodStill = await page.report();
  await until('it moves again', async () => (await page.report()).playedSeconds > stoodStill.playedSeconds + 1);
  const { standstills, playedMs, readAtMs } = await page.log();
  await page.close();
  const closingMs = Date.now() - readAtMs;
  const told = await until('the page has left', async () =>
    (await sessions('show')).find(({ ended_at }) => ended_at !== null),
  );
  expect(told).toMatchObject({ player: 'hls.js 1.7.4', startup_source: 'beacon', format: 'hls', errors: 0 });
  expect(told.network).toMatch(/\/24$|\/48$/);
  // What happens while the page is closed is told, and not seen.
  const stoodForMs = standstills.map(({ fromMs, toMs = readAtMs }) => toMs - fromMs);
  const stoodMs = stoodForMs.reduce((sum, ms) => sum + ms, 0);
  expect(stoodMs).toBeGreaterThan(1500);
  expect(told.stalls).toBeGreaterThanOrEqual(stoodForMs.filter((ms) => ms > 1000).length);
  expect(told.stall_ms).toBeGreaterThan(stoodMs - 800);
  expect(told.stall_ms).toBeLessThan(stoodMs + 800 + closingMs);
  expect(told.watch_ms).toBeGreaterThan(playedMs - 2500);
  expect(told.watch_ms).toBeLessThan(playedMs + 2500 + closingMs);
  expect(told.qualities).toMatchObject([{ rendition: 'source', reason: 'startup' }]);
  expect(told.latency_ms).toBeGreaterThan(500);
  expect(told.total_frames).toBeGreaterThan(30);

  // The others tell, and are counted, each in its own time.
  await eventually(async () => {
    const live = (await sessions('show')).filter(({ ended_at }) => ended_at === null);
    expect(live).toHaveLength(plays.length - 1);
    const reporting = live.find(({ startup_source }) => startup_source === 'cmcd2');
    expect(reporting?.stalls).toBeGreaterThanOrEqual(1);
    expect(reporting?.stall_ms).toBeGreaterThan(1000);
    expect(await viewers()).toBe(plays.length - 1);
    const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text();
    expect(metrics).toContain(`streamctl_viewers ${plays.length - 1}`);
    expect(metrics).not.toContain('player-of-another-page');
  });
  await Promise.all(plays.slice(1).map((play) => play.close()));
  await publisher.stop();
}, 240_000);

test('a page whose network was gone until its player gave up is the same viewer when it is back', async () => {
  const publisher = publishTestPicture({ url: server.rtmpUrl, key: 'lost' }, 200, { keyframeSeconds: 1 });
  await server.isOnAir('lost');
  const play = await players.watch(server.playback('lost').watch);
  const shows = (state: string) =>
    until(`the page is ${state}`, () => play.page.evaluate((name) => document.body.dataset.state === name, state));
  await shows('live');
  await until('it plays', async () => (await play.report()).playedSeconds > 1);
  await play.page.route('**/hls/**', (route) => route.abort('connectionrefused'));
  await shows('unreachable');
  await play.page.unroute('**/hls/**');
  await shows('live');
  const { playedSeconds } = await play.report();
  await until('it plays again', async () => (await play.report()).playedSeconds > playedSeconds + 1);
  await play.close();
  const told = await until('it has left', async () => {
    const all = await sessions('lost');
    return all.length > 0 && all.every(({ ended_at }) => ended_at !== null) && all;
  });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ startup_source: 'beacon', errors: 1 });
  expect(told[0]!.stalls).toBeGreaterThanOrEqual(1);
  expect(told[0]!.stall_ms).toBeGreaterThan(500);
  expect(told[0]!.watch_ms).toBeGreaterThan(2000);
  expect(told[0]!.total_frames).toBeGreaterThan(50);
  await publisher.stop();
});
