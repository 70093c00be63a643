import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeLiveClip } from '../support/clips.ts';
import { RequestViewer } from '../support/players/request-viewer.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const channel = 'show';

interface Told {
  readonly id: string;
  readonly viewers: number;
}

async function api(server: TestServer, init: { readonly method?: string; readonly body?: string } = {}) {
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${server.httpUrl}/streams`, { ...init, headers });
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.json();
}

async function streamAt(server: TestServer): Promise<Told> {
  return ((await api(server)) as { items: Told[] }).items[0]!;
}

/** What a node says of one broadcast, and of all nodes. */
async function viewersAt(server: TestServer): Promise<readonly [ofStream: number, ofAllNodes: number]> {
  const metrics = await (await fetch(`${server.httpUrl}/metrics`)).text();
  const all = Number(/^streamctl_all_nodes_viewers (\d+)$/m.exec(metrics)?.[1]);
  return [(await streamAt(server)).viewers, all];
}

async function tell(servers: readonly TestServer[], viewers: number): Promise<void> {
  for (const server of servers) {
    await until(`a node tells of ${viewers} viewers`, async () => {
      const told = await viewersAt(server);
      return told.every((count) => count === viewers);
    });
  }
}

/** Both have the same broadcast, as nodes have that share a store: the second begins with a copy of what the first knows. */
async function startPair(env: Readonly<Record<string, string>>): Promise<readonly [TestServer, TestServer]> {
  const [a, b] = await Promise.all([TestServer.start({ env }), TestServer.start({ env })]);
  onTestFinished(async () => void (await Promise.all([a.dispose(), b.dispose()])));
  await api(a, { method: 'POST', body: JSON.stringify({ channel }) });
  await Promise.all([a.stop(), b.stop()]);
  await cp(a.dataFolder, b.dataFolder, { recursive: true, force: true });
  await a.launch();
  await b.launch();
  return [a, b];
}

test('viewers of both nodes are summed in what each tells; one that is killed takes its viewers along, and brings them back once', async () => {
  const redis = await RedisServer.start();
  const [a, b] = await startPair({
    STREAMCTL_REALTIME_URL: `redis://127.0.0.1:${redis.port}`,
    STREAMCTL_METRICS_PUBLIC: 'true',
    STREAMCTL_HLS_SEGMENT: '1s',
  });
  const clip = await makeLiveClip(tempDir(), { width: 320, height: 180, keyframeSeconds: 1, videoKbps: 300 }, 20);
  for (const server of [a, b]) {
    const publisher = await publishSample(server.rtmpUrl, channel, clip);
    onTestFinished(() => publisher.stop());
    await server.isOnAir(channel);
  }
  expect((await streamAt(a)).id).toBe((await streamAt(b)).id);
  const watch = (server: TestServer, tells: 'requests' | 'nothing', player: string) => {
    const viewer = new RequestViewer({ httpUrl: server.httpUrl, channel, tells, player });
    onTestFinished(() => viewer.leave());
  };
  watch(a, 'requests', 'Firefox');
  watch(a, 'nothing', 'VLC');
  watch(b, 'requests', 'Firefox');
  watch(b, 'requests', 'Safari');
  watch(b, 'nothing', 'VLC');
  await tell([a, b], 5);

  await b.crash();
  const sinceMs = performance.now();
  await tell([a], 2);
  // Ten seconds in Redis, two until that is looked at.
  expect(performance.now() - sinceMs).toBeLessThan(15_000);
  await b.launch();
  await tell([a, b], 5);
});
