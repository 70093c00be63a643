import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { EventView } from '../../src/contract/events.ts';
import type { IssuedKeyView } from '../../src/contract/keys.ts';
import type { AnnouncedStreamView, StreamView } from '../../src/contract/streams.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { eventually, until } from '../support/until.ts';

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await TestServer.start({ openPublish: false });
  token = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim();
});
afterAll(() => server?.dispose());

async function call(method: string, path: string, body?: object, bearer = token) {
  const response = await fetch(`${server.httpUrl}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function createKey(channel: string, policy: object = {}): Promise<IssuedKeyView> {
  return (await call('POST', '/keys', { channel, policy })).body as IssuedKeyView;
}

async function show(stream: string): Promise<StreamView> {
  return (await call('GET', `/streams/${stream}`)).body as StreamView;
}

function publish(key: string, height: number): Publisher {
  const picture = { width: (height * 16) / 9, height, keyframeSeconds: 1 };
  const publisher = publishTestPicture({ url: server.rtmpUrl, key }, 120, picture);
  onTestFinished(() => publisher.kill().then(() => {}));
  return publisher;
}

test('a broadcast that was announced is the one its publisher goes on with, and plays under the addresses that were given', async () => {
  const { key, id: keyId } = await createKey('announced');
  const answer = await call('POST', '/streams', undefined, key);
  const announced = answer.body as AnnouncedStreamView;
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe(`/streams/${announced.id}`);
  expect(announced).toMatchObject({ state: 'PENDING_INGEST', key_id: keyId, ingest_url: server.rtmpUrl });
  expect(Date.parse(announced.pending_until!) - Date.parse(announced.created_at)).toBe(300_000);
  expect(JSON.stringify(announced)).not.toContain(key);
  const again = await call('POST', '/streams', { channel: 'announced' });
  expect(again).toMatchObject({ status: 409, body: { code: 'STREAM_ALREADY_ANNOUNCED' } });
  expect((again.body as { detail: string }).detail).toContain(announced.id);
  expect((await fetch(announced.playback.hls)).status).toBe(404);

  publish(key, 180);
  // Delivery and control hear of it each on its own way.
  await eventually(async () => {
    expect((await fetch(announced.playback.hls)).status).toBe(200);
    expect((await fetch(announced.playback.dash)).status).toBe(200);
    expect(await show('announced')).toMatchObject({ id: announced.id, state: 'ACTIVE', pending_until: null });
  });
  expect(await call('POST', '/streams', undefined, key)).toMatchObject({ status: 409 });
});

test('a broadcast that waits for its publisher outlives a crash of the server, with the time it had', async () => {
  const { key } = await createKey('outliving');
  const announced = (await call('POST', '/streams', undefined, key)).body as AnnouncedStreamView;
  await server.crash();
  await server.launch();
  const waiting = await show(announced.id);
  expect(waiting).toMatchObject({ state: 'PENDING_INGEST', pending_until: announced.pending_until });
  publish(key, 180);
  await until('it is live', async () => (await show(announced.id)).state === 'ACTIVE');
});

test('a stop tells the publisher why, ends the playlist, keeps the media, and answers with the final state', async () => {
  const { key } = await createKey('stopped');
  const publisher = publish(key, 180);
  await server.isOnAir('stopped');
  const { body, status } = await call('DELETE', '/streams/stopped');
  expect(status).toBe(200);
  const { id } = body as StreamView;
  expect(body).toMatchObject({ state: 'ENDED_GRACEFULLY', reason: 'operator', interrupted_since: null });
  const { exitCode, output } = await publisher.ended;
  expect(exitCode).not.toBe(0);
  expect(output).toContain('stopped by the operator');
  const base = `${server.httpUrl}/hls/${id}/source/`;
  const playlist = await until('the playlist ends', async () => {
    const text = await (await fetch(`${base}index.m3u8`)).text();
    return text.includes('#EXT-X-ENDLIST') && text;
  });
  const [segment] = playlist.match(/^segment-\d+\.m4s$/m)!;
  expect((await fetch(`${base}${segment}`)).status).toBe(200);
  expect((await call('DELETE', '/streams/stopped')).body).toMatchObject({ id, state: 'ENDED_GRACEFULLY' });
});

test('a picture beyond the policy is refused at once with both sizes, and the stream waits for a smaller one', async () => {
  const { key } = await createKey('small-only', { max_height: 180 });
  const { body } = await call('POST', '/streams', undefined, key);
  const { id } = body as AnnouncedStreamView;
  const { output } = await publish(key, 360).ended;
  expect(output).toMatch(/640x360; this stream key allows 180p at most/);
  // The publisher hears it first.
  await eventually(async () => {
    expect(await show(id)).toMatchObject({ state: 'PENDING_INGEST', ingest: null });
    const { items } = (await call('GET', `/events?stream=${id}`)).body as { items: EventView[] };
    expect(items.map(({ type }) => type)).toEqual(['stream.created', 'stream.publisher_refused']);
    expect(items.at(-1)?.payload).toMatchObject({ code: 'ACCESS_POLICY_HEIGHT' });
  });
  publish(key, 180);
  await until('it is live', async () => (await show(id)).state === 'ACTIVE');
});

test('a policy that is changed while its broadcast is live ends it, and everybody is told what was found and what is allowed', async () => {
  const { key, id: keyId } = await createKey('codecs', { codecs: ['avc', 'aac'] });
  const publisher = publish(key, 180);
  await server.isOnAir('codecs');
  const { id } = await show('codecs');
  await call('PATCH', `/keys/${keyId}`, { policy: { codecs: ['hevc', 'aac'] } });
  expect((await publisher.ended).output).toMatch(/picture is avc; this stream key allows hevc, aac/);
  await eventually(async () => {
    expect(await show(id)).toMatchObject({ state: 'ERROR', reason: 'policy' });
    const { items } = (await call('GET', `/events?stream=${id}`)).body as { items: EventView[] };
    expect(items.at(-1)).toMatchObject({ type: 'stream.ended', payload: { code: 'ACCESS_POLICY_CODEC' } });
  });
});

test('a token announces for a channel, and cancels before anybody has published', async () => {
  const { status, body } = await call('POST', '/streams', { channel: 'never' });
  expect(status).toBe(201);
  const { id } = body as AnnouncedStreamView;
  const pending = (await call('GET', '/streams?state=PENDING_INGEST&channel=never')).body as { items: StreamView[] };
  expect(pending.items.map((stream) => stream.id)).toEqual([id]);
  expect((await call('DELETE', `/streams/${id}`)).body).toMatchObject({
    state: 'ENDED_GRACEFULLY',
    reason: 'cancelled',
    pending_until: null,
  });
});

test('an announcement that is sent again is answered as the first was', async () => {
  const send = async () => {
    const response = await fetch(`${server.httpUrl}/streams`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'tonight' },
      body: '{"channel": "sent-twice"}',
    });
    const { id } = (await response.json()) as AnnouncedStreamView;
    return { status: response.status, location: response.headers.get('location'), id };
  };
  const first = await send();
  expect(first.status).toBe(201);
  expect(await send()).toEqual(first);
});

test.each([
  ['nothing', {}, undefined, 400, 'STREAM_CHANNEL_MISSING'],
  ['no channel name', { channel: 'Not One' }, undefined, 400, 'ACCESS_CHANNEL_INVALID'],
  ['with a key for the channel of another', { channel: 'announced' }, 'key', 403, 'STREAM_CHANNEL_FOREIGN'],
  ['with a key that is none', undefined, 'sk_aaaaaaaaaa_bbbb', 401, undefined],
] as const)('an announcement is refused: %s', async (_, body, bearer, status, code) => {
  const by = bearer === 'key' ? (await createKey('somewhere-else')).key : bearer;
  const answer = await call('POST', '/streams', body, by ?? token);
  expect(answer.status).toBe(status);
  if (code !== undefined) expect(answer.body).toMatchObject({ code });
});
