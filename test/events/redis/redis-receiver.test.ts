import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { parseEventsUrl, type RedisTarget } from '../../../src/config/events-url.ts';
import type { EventEnvelope } from '../../../src/contract/event-types.ts';
import { RedisReceiver } from '../../../src/events/redis/redis-receiver.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { someEnvelope } from '../../support/events.ts';
import { freePort, RedisServer } from '../../support/redis-server.ts';
import { tempDir } from '../../support/temp-dir.ts';

function receiverOf(url: string): RedisReceiver {
  const receiver = new RedisReceiver(parseEventsUrl(url) as RedisTarget);
  onTestFinished(() => receiver.close());
  return receiver;
}

/** The events of a stream, oldest first. */
async function entries(port: number, stream = 'streamctl:events', database = 0): Promise<EventEnvelope[]> {
  const client = new Redis({ port, db: database });
  const rows = await client.xrange(stream, '-', '+');
  client.disconnect();
  return rows.map(([, [typeName, type, eventName, event]]) => {
    expect([typeName, eventName]).toEqual(['type', 'event']);
    const envelope = JSON.parse(event!) as EventEnvelope;
    expect(envelope.type).toBe(type);
    return envelope;
  });
}

const never = new AbortController().signal;
const batch = (from: number, count: number) => Array.from({ length: count }, (_, i) => someEnvelope(from + i));

test('events become entries of the stream, in order', async () => {
  const { port } = await RedisServer.start();
  const receiver = receiverOf(`redis://127.0.0.1:${port}/3?stream=news`);
  expect(await receiver.deliver(batch(1, 100), never)).toEqual({ acknowledged: 100 });
  expect(await receiver.deliver(batch(101, 5), never)).toEqual({ acknowledged: 5 });
  expect(await entries(port, 'news', 3)).toEqual(batch(1, 105));
});

test('the stream keeps about as many as it is told to', async () => {
  const { port } = await RedisServer.start();
  const receiver = receiverOf(`redis://127.0.0.1:${port}/0?maxlen=100`);
  for (let i = 0; i < 10; i++) await receiver.deliver(batch(i * 100, 100), never);
  const kept = await entries(port);
  expect(kept.length).toBeGreaterThanOrEqual(100);
  expect(kept.length).toBeLessThan(400);
  expect(kept.at(-1)?.id).toBe(999);
});

test('killed and started again under load, it has everything that was acknowledged, and order is kept', async () => {
  const redis = await RedisServer.start();
  const receiver = receiverOf(`redis://127.0.0.1:${redis.port}/0`);
  let next = 1;
  let failures = 0;
  const kill = async () => {
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await redis.launch();
  };
  let killing: Promise<void> | undefined;
  while (next <= 3000 || killing === undefined) {
    if (next > 1000) killing ??= kill();
    const { acknowledged } = await receiver.deliver(batch(next, 50), never);
    if (acknowledged === 0) failures++;
    next += acknowledged;
  }
  await killing;
  expect(failures).toBeGreaterThan(0);
  const ids = (await entries(redis.port)).map(({ id }) => id);
  expect([...new Set(ids)]).toEqual(Array.from({ length: next - 1 }, (_, i) => i + 1));
  expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(50); // the batch that was under way, again
});

test('a Redis that is full takes all of a batch or nothing, and says why', async () => {
  const { port } = await RedisServer.start('--maxmemory', '1mb', '--maxmemory-policy', 'noeviction');
  const receiver = receiverOf(`redis://127.0.0.1:${port}/0`);
  const { acknowledged, problem } = await receiver.deliver(batch(1, 100), never);
  expect(acknowledged).toBe(0);
  expect(problem).toMatchObject({ isRefusal: false, error: expect.stringMatching(/memory|EXECABORT/) });
});

test('one that is not there is told of without its password', async () => {
  const receiver = receiverOf('redis://bob:hunter2@127.0.0.1:1/0');
  const { problem } = await receiver.deliver(batch(1, 1), never);
  expect(problem).toEqual({ isRefusal: false, error: 'ECONNREFUSED' });
  expect(`${receiver.id} ${receiver.place}`).not.toMatch(/hunter2|bob/);
});

test('a wrong password is told', async () => {
  const { port } = await RedisServer.start('--requirepass', 'hunter2');
  const wrong = await receiverOf(`redis://:hunter3@127.0.0.1:${port}/0`).deliver(batch(1, 1), never);
  expect(wrong).toMatchObject({ acknowledged: 0, problem: { error: expect.stringMatching(/WRONGPASS|NOAUTH/) } });
  const right = await receiverOf(`redis://:hunter2@127.0.0.1:${port}/0`).deliver(batch(1, 1), never);
  expect(right).toEqual({ acknowledged: 1 });
});

test('rediss:// speaks TLS, and only with who shows a certificate that is trusted', async () => {
  const { cert, key } = await makeCertificate('localhost');
  const folder = tempDir();
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key);
  const tlsPort = await freePort();
  const tlsFiles = ['--tls-cert-file', certPath, '--tls-key-file', keyPath, '--tls-ca-cert-file', certPath];
  const { port } = await RedisServer.start('--tls-port', `${tlsPort}`, ...tlsFiles, '--tls-auth-clients', 'no');
  const receiver = receiverOf(`rediss://localhost:${tlsPort}/0`);
  expect((await receiver.deliver(batch(1, 2), never)).problem?.error).toMatch(/SELF_SIGNED/);
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, cert]);
  onTestFinished(() => setDefaultCACertificates(before));
  expect(await receiver.deliver(batch(1, 2), never)).toEqual({ acknowledged: 2 });
  expect(await entries(port)).toEqual(batch(1, 2));
});
