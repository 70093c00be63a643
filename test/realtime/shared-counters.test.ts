import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { NodeReport } from '../../src/realtime/node-report.ts';
import { readNodeReport, writeNodeReport } from '../../src/realtime/node-report.ts';
import { PresenceLink } from '../../src/realtime/presence-link.ts';
import { sharedAudience } from '../../src/realtime/shared-audience.ts';
import { type Presence, SharedCounters } from '../../src/realtime/shared-counters.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const quiet = { info: () => {}, warn: () => {} };

function reportOf(viewers: number): NodeReport {
  return { publishers: 1, streams: [{ id: 'st1', viewers, qualities: [['720p', viewers]] }] };
}

function targetOf(port: number) {
  return { host: '127.0.0.1', port, database: 0, isTls: false, login: undefined };
}

function nodeOf(port: number, nodeId: string, viewers: number): SharedCounters {
  const presence = new PresenceLink(targetOf(port), nodeId);
  const counters = new SharedCounters({ presence, report: () => reportOf(viewers), clock: systemClock, log: quiet });
  onTestFinished(() => counters.stop());
  return counters;
}

const viewersElsewhere = (counters: SharedCounters) =>
  counters.otherNodes().reduce((sum, { streams }) => sum + (streams[0]?.viewers ?? 0), 0);

/** Everything that goes to the server or comes from it waits for `delayMs`. */
async function slowProxy(port: number) {
  const sockets = new Set<Socket>();
  const proxy = { port: 0, delayMs: 0 };
  const server = createServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => void setTimeout(() => to.writable && to.write(bytes), proxy.delayMs));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.port = (server.address() as { port: number }).port;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return proxy;
}

test('nodes count the viewers of each other; one that leaves is not counted any more', async () => {
  const { port } = await RedisServer.start();
  const [a, b, c] = [nodeOf(port, 'a', 1), nodeOf(port, 'b', 20), nodeOf(port, 'c', 300)];
  for (const node of [a, b, c]) await node.start();
  await until('a counts b and c', () => viewersElsewhere(a) === 320);
  await until('b counts a and c', () => viewersElsewhere(b) === 301);
  await c.stop();
  await until('a counts b alone', () => viewersElsewhere(a) === 20);
  expect(a.isHealthy).toBe(true);
});

test('a Redis that comes back empty is told everything again', async () => {
  const redis = await RedisServer.start('--appendonly', 'no');
  const [a, b] = [nodeOf(redis.port, 'a', 1), nodeOf(redis.port, 'b', 20)];
  for (const node of [a, b]) await node.start();
  await until('a counts b', () => viewersElsewhere(a) === 20);
  await redis.kill();
  await until('a counts itself alone and says so', () => !a.isHealthy && viewersElsewhere(a) === 0);
  expect(a.warnings()).toEqual([expect.stringContaining('Redis does not answer')]);
  await redis.launch();
  await until('each counts the other', () => viewersElsewhere(a) === 20 && viewersElsewhere(b) === 1);
  expect(a.warnings()).toEqual([]);
});

test('a Redis that is two seconds late holds nobody up', async () => {
  const redis = await RedisServer.start();
  const proxy = await slowProxy(redis.port);
  const [a, b] = [nodeOf(proxy.port, 'a', 1), nodeOf(redis.port, 'b', 20)];
  for (const node of [b, a]) await node.start();
  await until('a counts b', () => viewersElsewhere(a) === 20);
  proxy.delayMs = 2000;
  const link = new PresenceLink(targetOf(proxy.port), 'd');
  onTestFinished(() => link.close());
  const sinceMs = performance.now();
  await expect(link.exchange('{}')).rejects.toThrow();
  expect(performance.now() - sinceMs).toBeLessThan(3000); // an answer would have come after four seconds
  await until('a counts itself alone', () => !a.isHealthy && viewersElsewhere(a) === 0);
  expect(b.isHealthy).toBe(true);
  proxy.delayMs = 0;
  await until('a counts b again', () => a.isHealthy && viewersElsewhere(a) === 20);
});

test('one late answer is forgiven; with the second what others told is not believed; after five nobody is asked for a while', async () => {
  const clock = new ManualClock();
  let asked = 0;
  let isAway = false;
  const presence: Presence = {
    exchange: async () => {
      asked++;
      if (isAway) throw new Error('away');
      return [writeNodeReport(reportOf(7))];
    },
    leave: async () => {},
    close: () => {},
  };
  const counters = new SharedCounters({ presence, report: () => reportOf(1), clock, log: quiet });
  const pass = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  await counters.start();
  isAway = true;
  await pass(2000);
  expect([viewersElsewhere(counters), counters.isHealthy]).toEqual([7, true]);
  await pass(2000);
  expect([viewersElsewhere(counters), counters.isHealthy]).toEqual([0, false]);
  for (let turn = 0; turn < 3; turn++) await pass(2000);
  const askedBefore = asked;
  for (let turn = 0; turn < 2; turn++) await pass(2000);
  expect(asked).toBe(askedBefore);
  isAway = false;
  await pass(2000);
  expect([viewersElsewhere(counters), counters.isHealthy, counters.failures]).toEqual([7, true, 5]);
  await counters.stop();
});

test('the audience of all nodes is the sum, by quality too; sessions are those of this node', () => {
  const own = {
    viewers: () => 3,
    qualities: () => [
      { name: '1080p', viewers: 2 },
      { name: '720p', viewers: 1 },
    ],
    sessions: () => [],
    recent: () => 'own' as never,
  };
  const all = sharedAudience(own, () => [reportOf(5), reportOf(6)]);
  expect(all.viewers('st1')).toBe(14);
  expect(all.viewers('st2')).toBe(3);
  expect(all.qualities('st1')).toEqual([
    { name: '720p', viewers: 12 },
    { name: '1080p', viewers: 2 },
  ]);
});

test('what is no report of a node is not one', () => {
  for (const text of ['', '{', '[]', '{"publishers":-1,"streams":[]}', '{"publishers":1,"streams":[{"id":1}]}']) {
    expect(readNodeReport(text)).toBeUndefined();
  }
  expect(readNodeReport(writeNodeReport(reportOf(4)))).toEqual(reportOf(4));
});
