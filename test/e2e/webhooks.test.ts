import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { WebhookListener } from '../support/webhook-listener.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.dispose();
  server = undefined;
});

const json = JSON.stringify;

async function serverWith(webhooks: readonly object[]): Promise<TestServer> {
  server = await TestServer.start({ openPublish: false, env: { STREAMCTL_WEBHOOKS: json(webhooks) } });
  return server;
}

function clientOf(on: TestServer): ApiClient {
  return new ApiClient(unixFetch(join(on.dataFolder, 'control.sock')));
}

/** Resolves with the channels of the keys that were acknowledged. */
async function createKeys(on: TestServer, count: number): Promise<string[]> {
  const channels: string[] = [];
  for (let i = 0; i < count; i++) {
    channels.push((await clientOf(on).createKey({ channel: `channel-${i}` })).channel);
  }
  return channels;
}

async function receivers(on: TestServer) {
  return (await clientOf(on).listEventReceivers()).items;
}

test('what happens is told to a webhook within a second, while another that is down keeps nobody waiting', async () => {
  const listener = await WebhookListener.start();
  const away = await WebhookListener.start();
  await away.close();
  const running = await serverWith([
    { url: away.url, allow_private: true },
    { url: listener.url, events: ['key.*'], secret: 'hunter2', allow_private: true },
  ]);
  const channels = await createKeys(running, 3);
  await until('all are told', () => listener.events.length === 3, 3000);
  expect(listener.events.map(({ type, channel }) => [type, channel])).toEqual(channels.map((c) => ['key.created', c]));
  await until('the one that is down is known to be', async () =>
    (await receivers(running)).some(({ state, waiting }) => state === 'retrying' && waiting >= 3),
  );
  await until(
    'the operator is warned',
    async () => (await running.command('status')).stdout.includes('events do not reach'),
    15_000,
  );
  await away.open();
  expect((await running.command('events', 'replay', '--from', '1')).code).toBe(0);
  await until('it has all, too', () => channels.every((name) => away.events.some(({ channel }) => channel === name)));
  expect(running.log).not.toContain('/hook');
});

test('a private address is refused where it is not allowed, and the setting is named', async () => {
  const listener = await WebhookListener.start();
  const running = await serverWith([{ url: listener.url.replace('127.0.0.1', '127.1') }]);
  await createKeys(running, 1);
  const told = await until('it is told why', async () => (await receivers(running))[0]?.error ?? undefined);
  expect(told).toContain('allow_private: true');
  expect(listener.calls).toEqual([]);
});

test('a server that is killed between sending and hearing sends again, and loses nothing', async () => {
  const listener = await WebhookListener.start();
  const running = await serverWith([{ url: listener.url, events: ['key.created'], allow_private: true }]);
  let isSilent = true;
  listener.answer = (response) => {
    if (!isSilent) response.writeHead(204).end();
  };
  await createKeys(running, 3);
  await until('the first was sent', () => listener.calls.length >= 1);
  await running.crash();
  isSilent = false;
  await running.launch();
  await until('all are there', () => new Set(listener.events.map(({ id }) => id)).size === 3, 10_000);
  const ids = listener.events.map(({ id }) => id);
  expect(ids).toEqual([ids[0], ...ids.slice(1).toSorted((a, b) => a - b)]);
  expect(ids[1]).toBe(ids[0]);
  expect(listener.calls[1]?.headers['webhook-id']).toBe(listener.calls[0]?.headers['webhook-id']);
});

test('what a webhook refuses is listed, and delivered when it is asked for again', async () => {
  const listener = await WebhookListener.start();
  listener.answer = (response) => void response.writeHead(410).end('gone');
  const running = await serverWith([{ url: listener.url, events: ['key.created'], allow_private: true }]);
  await createKeys(running, 2);
  const letters = async () => (await clientOf(running).listDeadLetters()).items;
  await until('two are given up', async () => (await letters()).length === 2);
  expect(await letters()).toMatchObject([{ attempts: 1, error: 'it answers 410: gone' }, { attempts: 1 }]);
  listener.answer = (response) => void response.writeHead(200).end();
  expect((await running.command('events', 'replay', '--dead-letters')).code).toBe(0);
  await until('none is left', async () => (await letters()).length === 0);
  expect(listener.events.map(({ channel }) => channel)).toEqual(['channel-0', 'channel-1', 'channel-0', 'channel-1']);
});
