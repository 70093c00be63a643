import { createHmac } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { EventEnvelope } from '../../../src/contract/event-types.ts';
import { WebhookReceiver } from '../../../src/events/webhook/webhook-receiver.ts';
import { until } from '../../support/until.ts';
import { type AnswerCall, WebhookListener } from '../../support/webhook-listener.ts';

const event: EventEnvelope = {
  id: 7,
  time: '2026-01-01T00:00:00.000Z',
  type: 'stream.started',
  stream_id: 'st_abcdefghijklm',
  channel: 'morning-show',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  node: 'test',
  data: { remote_address: '192.0.2.7', encoder: 'OBS' },
};

const never = new AbortController().signal;

async function receiverOf(answer?: AnswerCall, secret = 'hunter2') {
  const listener = await WebhookListener.start();
  if (answer !== undefined) listener.answer = answer;
  const receiver = new WebhookReceiver(
    { url: listener.url, events: ['stream.*', 'key.revoked'], secret, allowsPrivate: true },
    systemClock,
  );
  onTestFinished(() => receiver.close());
  return { listener, receiver };
}

test('an event arrives as JSON, signed, with its trace', async () => {
  const { listener, receiver } = await receiverOf();
  expect(await receiver.deliver([event], never)).toEqual({ acknowledged: 1 });
  const [{ headers, body }] = listener.calls as [(typeof listener.calls)[0]];
  expect(JSON.parse(body)).toEqual(event);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': 'evt_7',
    traceparent: event.traceparent,
  });
  expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  const signed = `evt_7.${headers['webhook-timestamp']}.${body}`;
  const mac = createHmac('sha256', 'hunter2').update(signed).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${mac}`);
});

test.each([
  ['stream.started', true],
  ['stream.ended', true],
  ['key.revoked', true],
  ['key.created', false],
  ['streams.started', false],
  ['rung.rested', false],
])('of %s it wants to hear: %s', async (type, isWanted) => {
  const { receiver } = await receiverOf();
  expect(receiver.wants(type)).toBe(isWanted);
});

test.each([400, 401, 404, 410, 413, 422])('%i refuses the event for good', async (status) => {
  const { receiver } = await receiverOf((response) => void response.writeHead(status).end('not like this'));
  expect(await receiver.deliver([event], never)).toEqual({
    acknowledged: 0,
    problem: { isRefusal: true, error: `it answers ${status}: not like this`, retryAfterMs: undefined },
  });
});

test.each([408, 425, 429, 500, 502, 503])('%i is a failure of the moment', async (status) => {
  const { receiver } = await receiverOf((response) => void response.writeHead(status, { 'retry-after': '7' }).end());
  expect(await receiver.deliver([event], never)).toEqual({
    acknowledged: 0,
    problem: { isRefusal: false, error: `it answers ${status}`, retryAfterMs: 7000 },
  });
});

test('a redirect is not followed', async () => {
  const elsewhere = await WebhookListener.start();
  const { receiver } = await receiverOf((response) => void response.writeHead(307, { location: elsewhere.url }).end());
  const { problem } = await receiver.deliver([event], never);
  expect(problem).toMatchObject({ isRefusal: false, error: 'it answers 307, and redirects are not followed' });
  expect(elsewhere.calls).toEqual([]);
});

test('of an answer that never ends 64 KiB are read, and the connection is closed', async () => {
  let sentBytes = 0;
  let isClosed = false;
  const { receiver } = await receiverOf((response) => {
    response.writeHead(200);
    response.on('close', () => {
      isClosed = true;
    });
    const pour = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 97))) sentBytes += 65_536;
      if (!response.destroyed) response.once('drain', pour);
    };
    pour();
  });
  expect(await receiver.deliver([event], never)).toEqual({ acknowledged: 1 });
  await until('the connection is closed', () => isClosed);
  expect(sentBytes).toBeLessThan(20 << 20); // what fits into the sockets between
});

test('who does not answer is given up in time, and nothing is left of it', async () => {
  let isClosed = false;
  const { receiver } = await receiverOf((response) => {
    response.on('close', () => {
      isClosed = true;
    });
  });
  const { problem } = await receiver.deliver([event], AbortSignal.timeout(300));
  expect(problem).toEqual({ isRefusal: false, error: 'it did not answer in time' });
  await until('the connection is closed', () => isClosed);
});

test('who is not there is a failure of the moment, told without the address', async () => {
  const { listener, receiver } = await receiverOf();
  await listener.close();
  const { problem } = await receiver.deliver([event], never);
  expect(problem).toEqual({ isRefusal: false, error: 'ECONNREFUSED' });
});

test('user and password of a URL are sent as such, and shown nowhere', async () => {
  const { listener } = await receiverOf();
  const url = listener.url.replace('http://', 'http://bob:hunter%402@').replace('/hook', '/hook?token=hunter3');
  const receiver = new WebhookReceiver({ url, events: [], secret: '', allowsPrivate: true }, systemClock);
  await receiver.deliver([event], never);
  const [{ headers, path }] = listener.calls as [(typeof listener.calls)[0]];
  expect(headers.authorization).toBe(`Basic ${Buffer.from('bob:hunter@2').toString('base64')}`);
  expect(headers).not.toHaveProperty('webhook-signature');
  expect(path).toBe('/hook?token=hunter3');
  expect(JSON.stringify([receiver.id, receiver.place])).not.toMatch(/hunter|bob|hook\b(?!-)/);
  await receiver.close();
});

test('a receiver is the same whatever its place in the list, its password and its events', () => {
  const idOf = (url: string, events: string[] = []) =>
    new WebhookReceiver({ url, events, secret: '', allowsPrivate: false }, systemClock).id;
  expect(idOf('https://hooks.example.org/a')).toMatch(/^webhook-[0-9a-f]{12}$/);
  expect(idOf('https://bob:x@hooks.example.org/a', ['key.*'])).toBe(idOf('https://hooks.example.org/a'));
  expect(idOf('https://hooks.example.org/b')).not.toBe(idOf('https://hooks.example.org/a'));
});

test('what a receiver says is cut, printable and without secrets where it is told on', async () => {
  const text = `\u001b[31mkey sk_abcdefghij_${'a'.repeat(32)} ${'x'.repeat(1000)}`;
  const { receiver } = await receiverOf((response) => void response.writeHead(500).end(text));
  const { problem } = await receiver.deliver([event], never);
  expect(problem?.error).toMatch(/^it answers 500: \[31mkey sk_abcdefghij_\[redacted\] x+…$/);
  expect(problem?.error.length).toBeLessThan(230);
});
