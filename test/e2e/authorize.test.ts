import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { eventEnvelope, eventTypes, isEventType } from '../../src/contract/event-types.ts';
import { TestServer } from '../support/server.ts';
import { startStreamctl } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { WebhookListener } from '../support/webhook-listener.ts';

const sample = join(import.meta.dirname, '../../packaging/sample/sample.flv');

let server: TestServer | undefined;
afterEach(async () => {
  await server?.dispose();
  server = undefined;
});

async function start() {
  const authorizer = await WebhookListener.start();
  const listener = await WebhookListener.start();
  const webhooks = [
    { url: authorizer.url, events: ['authorize'], secret: 'hunter2', allow_private: true },
    { url: listener.url, allow_private: true },
  ];
  const running = await TestServer.start({ openPublish: false, env: { STREAMCTL_WEBHOOKS: JSON.stringify(webhooks) } });
  server = running;
  const client = new ApiClient(unixFetch(join(running.dataFolder, 'control.sock')));
  const publish = async (channel: string, seconds: number) => {
    const { key } = await client.createKey({ channel });
    return startStreamctl(tempDir(), [
      'publish',
      sample,
      `${running.rtmpUrl}/${key}`,
      '--loop',
      '--seconds',
      `${seconds}`,
    ]);
  };
  return { running, authorizer, listener, client, publish };
}

test('a publisher begins when the webhook says so, and everything that happens then is told as the catalogue has it', async () => {
  const { running, authorizer, listener, publish } = await start();
  const publisher = await publish('let-in', 3);
  await running.isOnAir('let-in');
  expect(JSON.parse(authorizer.calls[0]!.body)).toMatchObject({
    type: 'authorize',
    data: {
      channel: 'let-in',
      app: 'live',
      remote_address: '127.0.0.1',
      key_id: expect.stringMatching(/^[a-z2-7]{10}$/),
    },
  });
  expect(authorizer.calls[0]?.headers['webhook-signature']).toMatch(/^v1,/);
  expect((await publisher.exited).code).toBe(0);

  await until('the end is told', () => listener.events.some(({ type }) => type === 'stream.ended'));
  const told = listener.events.filter(({ stream_id: streamId }) => streamId !== null).map(({ type }) => type);
  expect(told.filter((type) => /created|started|ended/.test(type))).toEqual([
    'stream.created',
    'stream.started',
    'stream.ended',
  ]);
  for (const event of listener.events) {
    expect(eventEnvelope.strict().safeParse(event).error).toBeUndefined();
    const { type, data } = event;
    if (!isEventType(type)) throw new Error(`${type} is not in the catalogue`);
    expect(eventTypes[type].payload.strict().safeParse(data).error, type).toBeUndefined();
  }
  const started = listener.events.find(({ type }) => type === 'stream.started');
  expect(started).toMatchObject({
    channel: 'let-in',
    node: expect.stringMatching(/./),
    traceparent: expect.stringMatching(/^00-/),
  });
  const ids = listener.events.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
});

test('a publisher that is not wanted reads why, and what runs goes on while nobody answers', async () => {
  const { running, authorizer, client, publish } = await start();
  const first = await publish('runs-on', 600);
  await running.isOnAir('runs-on');
  authorizer.answer = (response) => void response.writeHead(403).end('{"reason": "the stage is closed"}');
  const refused = await (await publish('not-wanted', 5)).exited;
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain('Publishing was not allowed: the stage is closed.');
  authorizer.answer = () => {};
  const unanswered = await (await publish('nobody-answers', 5)).exited;
  expect(unanswered.code).not.toBe(0);
  expect(unanswered.stderr).toContain('Nobody can say now whether publishing is allowed');
  const { items } = await client.listStreams();
  expect(items.map(({ channel, state }) => [channel, state])).toEqual([['runs-on', 'ACTIVE']]);
  expect(first.isRunning).toBe(true);
  await first.stop('SIGINT');
});
