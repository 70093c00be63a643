import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type SessionView, sessionPage } from '../../src/contract/sessions.ts';
import { makeLiveClip } from '../support/clips.ts';
import { RequestViewer } from '../support/players/request-viewer.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, until } from '../support/until.ts';

/** Open sessions are written once a second, and media comes once a second: what a crash can take away each time. */
const lostAtMostMs = 2500;

async function sessions(server: TestServer): Promise<readonly SessionView[]> {
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.httpUrl}/streams/show/sessions`, { headers });
  return sessionPage.parse(await answer.json()).items;
}

async function viewerCount(server: TestServer): Promise<number | undefined> {
  const text = await (await fetch(`${server.httpUrl}/metrics`)).text();
  const count = /^streamctl_viewers (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}

test('a server that is killed twice knows its viewers again: each is one session, whose watch time is what it watched', async () => {
  const server = await TestServer.start({ env: { STREAMCTL_METRICS_PUBLIC: 'true', STREAMCTL_HLS_SEGMENT: '1s' } });
  onTestFinished(() => server.dispose());
  const picture = { width: 320, height: 180, keyframeSeconds: 1, videoKbps: 300 };
  const clip = await makeLiveClip(tempDir(), picture, 20);
  let publisher = await publishSample(server.rtmpUrl, 'show', clip);
  onTestFinished(() => publisher.stop());
  await server.isOnAir('show');
  const at = { httpUrl: server.httpUrl, channel: 'show' };
  const viewers = [
    new RequestViewer({ ...at, tells: 'requests', player: 'Firefox' }),
    new RequestViewer({ ...at, tells: 'reports', player: 'Safari' }),
    new RequestViewer({ ...at, tells: 'nothing', player: 'VLC' }),
  ] as const;
  onTestFinished(async () => void (await Promise.all(viewers.map((one) => one.leave()))));
  const [byRequests, byReports] = viewers;

  await Promise.all(viewers.map((one) => one.has(4)));
  const before = await until('all are known', async () => {
    const known = await sessions(server);
    return known.length === viewers.length && known;
  });
  for (let crash = 0; crash < 2; crash++) {
    await server.crash();
    // Who tries by itself waits longer and longer: how soon there is media again would be a matter of chance.
    await publisher.stop();
    await server.launch();
    // They are not forgotten, whether or not they have asked for anything yet.
    expect(await viewerCount(server)).toBe(viewers.length);
    publisher = await publishSample(server.rtmpUrl, 'show', clip);
    await Promise.all(viewers.map((one) => one.has(4)));
  }

  const after = await sessions(server);
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  expect(after.map(({ ended_at }) => ended_at)).toEqual([null, null, null]);
  expect(after.map(({ started_at }) => started_at).sort()).toEqual(before.map(({ started_at }) => started_at).sort());
  expect(await viewerCount(server)).toBe(viewers.length);
  // What a viewer has just watched is told a moment later: at the best moment nothing is missing but what the crashes took.
  await eventually(async () => {
    const watchedMs = new Map(viewers.map((one) => [one.player, one.watchedMs]));
    for (const { player, watch_ms } of await sessions(server)) {
      expect(watch_ms, player).toBeGreaterThan(watchedMs.get(player)! - 2 * lostAtMostMs);
      expect(watch_ms, player).toBeLessThanOrEqual(viewers.find((one) => one.player === player)!.watchedMs + 1100);
    }
  });

  await Promise.all([byRequests.leave(), byReports.leave()]);
  const ofEnded = async () => (await sessions(server)).filter(({ ended_at }) => ended_at !== null);
  const ended = await until('who left has left', async () => {
    const known = await ofEnded();
    return known.length === 2 && known;
  });
  for (const { player, watch_ms } of ended) {
    const { watchedMs } = viewers.find((one) => one.player === player)!;
    expect(watch_ms, player).toBeGreaterThan(watchedMs - 2 * lostAtMostMs);
  }
  await server.crash();
  await server.launch();
  expect(await ofEnded()).toEqual(ended);
  expect(await sessions(server)).toHaveLength(viewers.length);
});
