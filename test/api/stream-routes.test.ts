import { expect, test } from 'vitest';
import type { Identity } from '../../src/access/identity.ts';
import type { LiveControl } from '../../src/api/live-control.ts';
import { systemClock } from '../../src/base/clock.ts';
import { apiUnderTest } from '../support/api.ts';
import { someEvent, someStream } from '../support/rows.ts';

const ofKey: Identity = { kind: 'stream-key', keyId: 'k1', channel: 'morning-show' };

/** A control that announces what no store has heard of. */
const forgetful: LiveControl = {
  list: () => [],
  get: () => undefined,
  announce: async () => {},
  stop: async () => true,
  status: () => ({ publishers: 0, viewers: 0, requestsTotal: 0, warnings: [] }),
};

test('an announced broadcast tells where to publish without the key, and until when it waits', async () => {
  const { api } = await apiUnderTest(async () => ofKey);
  const answer = await api.request('/streams', { method: 'POST' });
  expect(answer.status).toBe(201);
  const body = (await answer.json()) as Record<string, string>;
  expect(answer.headers.get('location')).toBe(`/streams/${body.id}`);
  expect(body).toMatchObject({
    channel: 'morning-show',
    key_id: 'k1',
    ingest_url: 'rtmp://live.example.org/live',
    ingest_hint: expect.stringContaining('stream key of channel morning-show'),
    playback: { hls: `https://live.example.org/hls/${body.id}/index.m3u8` },
  });
  expect(Date.parse(body.pending_until!) - Date.parse(body.created_at!)).toBe(300_000);
});

test('where anybody may publish, the address is whole', async () => {
  const { call } = await apiUnderTest(undefined, systemClock, { isPublishOpen: true });
  const { body } = await call('POST', '/streams', { channel: 'free' });
  expect(body.ingest_url).toBe('rtmp://live.example.org/live/free');
});

test('what the store could not take is not announced', async () => {
  const { call } = await apiUnderTest(undefined, systemClock, { live: forgetful });
  expect(await call('POST', '/streams', { channel: 'show' })).toMatchObject({
    status: 503,
    body: { code: 'STREAM_NOT_RECORDED' },
  });
});

test('of a store that others write to, the broadcasts of other nodes are neither ended nor doubled', async () => {
  const { store, call } = await apiUnderTest(undefined, systemClock, { isStoreShared: true });
  const foreign = someStream({ channel: 'show', node: 'b', state: 'ACTIVE' });
  const own = someStream({ channel: 'other', node: 'test', state: 'ACTIVE' });
  for (const row of [foreign, own]) await store.streams.create(row, someEvent({ streamId: row.id }));
  const refused = await call('DELETE', `/streams/${foreign.id}`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'STREAM_ON_OTHER_NODE' } });
  expect(refused.body.detail).toContain('node b');
  expect(await store.streams.find(foreign.id)).toEqual(foreign);
  expect(await call('POST', '/streams', { channel: 'show' })).toMatchObject({
    status: 409,
    body: { code: 'STREAM_ALREADY_ANNOUNCED' },
  });
  expect((await call('DELETE', `/streams/${own.id}`)).body).toMatchObject({ state: 'ENDED_GRACEFULLY' });
});
