import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { KafkaMock } from '../support/kafka-mock.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.dispose();
  server = undefined;
});

async function createKeys(on: TestServer, count: number): Promise<string[]> {
  const client = new ApiClient(unixFetch(join(on.dataFolder, 'control.sock')));
  const channels = [];
  for (let i = 0; i < count; i++) channels.push((await client.createKey({ channel: `channel-${i}` })).channel);
  return channels;
}

const channelsOf = (values: readonly string[]) =>
  values
    .map((value) => JSON.parse(value) as { type: string; channel: string })
    .filter(({ type }) => type === 'key.created')
    .map(({ channel }) => channel);

test('events.url: kafka://… publishes what happens', async () => {
  const kafka = await KafkaMock.start();
  server = await TestServer.start({ env: { STREAMCTL_EVENTS_URL: `kafka://${kafka.address}/news` } });
  const created = await createKeys(server, 4);
  await until('all are in the topic', async () => {
    const records = await kafka.consume('news');
    return (
      channelsOf(records.map(({ value }) => value))
        .toSorted()
        .join() === created.join()
    );
  });
});

test('events.url: redis://… adds what happens to a stream, also what happened while it was away', async () => {
  const redis = await RedisServer.start();
  server = await TestServer.start({ env: { STREAMCTL_EVENTS_URL: `redis://127.0.0.1:${redis.port}/0` } });
  await redis.kill();
  const created = await createKeys(server, 4);
  await redis.launch();
  const client = new Redis({ port: redis.port, lazyConnect: true });
  await client.connect();
  await until('all are in the stream', async () => {
    const entries = await client.xrange('streamctl:events', '-', '+');
    const channels = channelsOf(entries.map(([, members]) => members[3]!));
    return [...new Set(channels)].join() === created.join();
  });
  client.disconnect();
});
