import { expect, test } from 'vitest';
import { linkView } from '../../src/contract/links.ts';
import { apiUnderTest } from '../support/api.ts';
import { someEvent, someStream } from '../support/rows.ts';

const until = (link: { expires_at: string }) => (Date.parse(link.expires_at) - Date.now()) / 1000;

test('a link to a channel opens it in each form until it expires, before its first broadcast too', async () => {
  const { call, playback } = await apiUnderTest();
  await call('POST', '/keys', { channel: 'show' });
  const { status, body } = await call('POST', '/streams/show/links', { expires_in: 600 });
  expect(status).toBe(201);
  const { token, urls, ...rest } = linkView.parse(body);
  expect(until(rest)).toBeGreaterThan(590);
  expect(until(rest)).toBeLessThanOrEqual(600);
  const prefix = `https://live.example.org/t/${token}`;
  expect(urls).toEqual({
    hls: `${prefix}/hls/show/index.m3u8`,
    hls_ts: `${prefix}/hls/show/ts.m3u8`,
    dash: `${prefix}/dash/show/manifest.mpd`,
    watch: `${prefix}/watch/show`,
    embed: `${prefix}/embed/show`,
  });
  expect(await playback.gate.isPlaybackAllowed('show', undefined, token)).toBe(true);
  expect(await playback.gate.isPlaybackAllowed('other', undefined, token)).toBe(false);
});

test('a link to a stream is for that one, and half a day is what is given without a word', async () => {
  const { call, playback, store } = await apiUnderTest();
  const row = someStream({ channel: 'show' });
  await store.streams.create(row, someEvent({ streamId: row.id }));
  const link = linkView.parse((await call('POST', `/streams/${row.id}/links`)).body);
  expect(link.urls.hls).toContain(`/hls/${row.id}/`);
  expect(Math.round(until(link) / 60)).toBe(720);
  const named = (streamId: string) => ({ streamId, channel: 'show' });
  expect(await playback.gate.isPlaybackAllowed('show', named(row.id), link.token)).toBe(true);
  expect(await playback.gate.isPlaybackAllowed('show', named('st_aaaaaaaaaaaaa'), link.token)).toBe(false);
});

test('a link may begin later, and lasts from then on', async () => {
  const { call, playback } = await apiUnderTest();
  await call('POST', '/keys', { channel: 'show' });
  const notBefore = new Date(Date.now() + 3_600_000).toISOString();
  const { body } = await call('POST', '/streams/show/links', { expires_in: 60, not_before: notBefore });
  expect(Math.round(until(body) / 60)).toBe(61);
  expect(await playback.gate.passOf(body.token, undefined)).toEqual({ refusal: 'invalid' });
});

test('what has no key and no broadcast is taken for a slip, and odd times for a mistake', async () => {
  const { call } = await apiUnderTest();
  for (const name of ['nobody', 'st_aaaaaaaaaaaaa', '..%2fshow']) {
    expect(await call('POST', `/streams/${name}/links`, {})).toMatchObject({
      status: 404,
      body: { code: 'STREAM_UNKNOWN' },
    });
  }
  await call('POST', '/keys', { channel: 'show' });
  for (const body of [
    { expires_in: 0 },
    { expires_in: 1.5 },
    { expires_in: 1e9 },
    { not_before: 'noon' },
    { for: 1 },
  ]) {
    expect((await call('POST', '/streams/show/links', body)).status).toBe(400);
  }
});

test('a link is told of in the events, without its token', async () => {
  const { call } = await apiUnderTest();
  await call('POST', '/keys', { channel: 'show' });
  const { body } = await call('POST', '/streams/show/links', {});
  const events = (await call('GET', '/events')).body;
  const told = events.items.find(({ type }: { type: string }) => type === 'playback.link_created');
  expect(told.payload).toMatchObject({ subject: 'show', expires_at: body.expires_at, actor: { kind: 'local' } });
  expect(JSON.stringify(events)).not.toContain(body.token.split('.')[2]);
});
