import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TestServer } from '../support/server.ts';
import { eventually, until } from '../support/until.ts';

async function figures(server: TestServer): Promise<{ nodes: number; up: number; own: number }> {
  const ask = unixFetch(join(server.dataFolder, 'control.sock'));
  const text = await (await ask(new Request('http://localhost/metrics'))).text();
  const value = (name: string) => Number(new RegExp(`^streamctl_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { nodes: value('nodes'), up: value('realtime_up'), own: value('viewers') };
}

async function readiness(server: TestServer): Promise<string> {
  const response = await fetch(`${server.httpUrl}/readyz`);
  return `${response.status} ${(await response.text()).trim()}`;
}

test('two servers count each other over Redis; one that is killed is gone after ten seconds; without Redis each goes on alone', async () => {
  const redis = await RedisServer.start();
  const env = { STREAMCTL_REALTIME_URL: `redis://127.0.0.1:${redis.port}/3` };
  const [a, b] = await Promise.all([TestServer.start({ env }), TestServer.start({ env })]);
  onTestFinished(async () => void (await Promise.all([a.dispose(), b.dispose()])));
  await until('a knows of b', async () => (await figures(a)).nodes === 2);
  await until('b knows of a', async () => (await figures(b)).nodes === 2);
  await b.crash();
  const sinceMs = performance.now();
  await until('a is alone', async () => (await figures(a)).nodes === 1);
  expect(performance.now() - sinceMs).toBeLessThan(15_000);
  expect(await readiness(a)).toBe('200 ready');

  await redis.kill();
  await until('a says so', async () => (await readiness(a)).startsWith('200 degraded: Redis does not answer'));
  await eventually(async () => expect(await figures(a)).toMatchObject({ nodes: 1, up: 0 }));
  await redis.launch();
  await until('a is ready', async () => (await readiness(a)) === '200 ready');
});
