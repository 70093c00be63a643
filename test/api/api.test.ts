import { describe, expect, test } from 'vitest';
import type { LiveStreamView } from '../../src/api/live-control.ts';
import { issuedKeyView, keyPage } from '../../src/contract/keys.ts';
import { problemView } from '../../src/contract/problem.ts';
import { statusView } from '../../src/contract/status.ts';
import { streamPage, streamView } from '../../src/contract/streams.ts';
import { apiUnderTest } from '../support/api.ts';
import { someEvent, someStream } from '../support/rows.ts';

const running = (streamId: string): LiveStreamView => ({
  streamId,
  channel: 'morning-show',
  state: 'ACTIVE',
  viewers: 12,
  renditions: [
    { name: 'source', width: 1280, height: 720, fps: 30, bitrate_bps: 2_500_000, codecs: 'avc1.64001f,mp4a.40.2' },
  ],
  ingest: {
    bitrateBps: 2_600_000,
    encoder: 'obs',
    remoteAddress: '10.0.0.9',
    connectedAtMs: 0,
    frames: 100,
    dropped: 0,
  },
  ladder: null,
  findings: [
    { code: 'keyframes-far-apart', severity: 'warning', figures: { interval_ms: 8300, wanted_ms: 2000 } },
    { code: 'uplink', severity: 'ok', figures: { jitter_ms: 40, behind_ms: 0 } },
  ],
});

describe('keys', () => {
  test('a new key is answered once with its text and every address', async () => {
    const { call } = await apiUnderTest();
    const { status, body } = await call('POST', '/keys', { channel: 'morning-show', policy: { max_height: 1080 } });
    expect(status).toBe(201);
    const issued = issuedKeyView.parse(body);
    expect(issued.key).toMatch(/^sk_[a-z2-7]{10}_[a-z2-7]{32}$/);
    expect(issued).toMatchObject({
      channel: 'morning-show',
      ingest_url: `rtmp://live.example.org/live/${issued.key}`,
      ingest_server: 'rtmp://live.example.org/live',
      watch_url: 'https://live.example.org/watch/morning-show',
      hls_url: 'https://live.example.org/hls/morning-show/index.m3u8',
      dash_url: 'https://live.example.org/dash/morning-show/manifest.mpd',
      policy: { max_height: 1080 },
    });
    const later = [
      await call('GET', '/keys'),
      await call('GET', `/keys/${issued.id}`),
      await call('DELETE', `/keys/${issued.id}`),
      await call('GET', '/events'),
    ];
    expect(keyPage.parse(later[0]?.body).items).toHaveLength(1);
    for (const answer of later) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toContain(issued.key.slice(14));
      expect(JSON.stringify(answer.body)).not.toMatch(/hash/i);
    }
  });

  test('expiry is set, changed and taken away', async () => {
    const { call } = await apiUnderTest();
    const { body } = await call('POST', '/keys', { channel: 'a', expires_at: '2030-01-01T00:00:00Z' });
    expect(body.expires_at).toBe('2030-01-01T00:00:00.000Z');
    const path = `/keys/${body.id}`;
    expect((await call('PATCH', path, { policy: { record: true } })).body).toMatchObject({
      expires_at: body.expires_at,
      policy: { record: true },
    });
    expect((await call('PATCH', path, { expires_at: null })).body).toMatchObject({
      expires_at: null,
      policy: { record: true },
    });
  });

  test('rotation answers a new secret under the same id, revocation ends the key', async () => {
    const { call, ring } = await apiUnderTest();
    const { body: first } = await call('POST', '/keys', { channel: 'a' });
    const { body: second } = await call('POST', `/keys/${first.id}/rotate`, { overlap_ms: 1000 });
    expect(second.id).toBe(first.id);
    expect(second.key).not.toBe(first.key);
    expect(ring.check(second.key, Date.now())).toHaveProperty('key');
    const { body: revoked } = await call('DELETE', `/keys/${first.id}`);
    expect(revoked.revoked_at).not.toBeNull();
    expect((await call('POST', `/keys/${first.id}/rotate`)).body).toMatchObject({ code: 'ACCESS_KEY_REVOKED' });
  });
});

describe('streams', () => {
  test('a running stream is shown with what is live, by id and by channel', async () => {
    const { call, store, running: live } = await apiUnderTest();
    const row = someStream({ state: 'ACTIVE', startedAtMs: 5, interruptedSinceMs: 99 });
    await store.streams.create(row, someEvent({ streamId: row.id }));
    live.push(running(row.id));
    for (const name of [row.id, 'morning-show']) {
      const stream = streamView.parse((await call('GET', `/streams/${name}`)).body);
      expect(stream).toMatchObject({
        id: row.id,
        channel: 'morning-show',
        state: 'ACTIVE',
        interrupted_since: null,
        viewers: 12,
        renditions: [{ name: 'source', width: 1280, height: 720, fps: 30, bitrate_bps: 2_500_000 }],
        ingest: { encoder: 'obs', frames: 100 },
        findings: [
          { code: 'keyframes-far-apart', severity: 'warning', figures: { interval_ms: 8300 } },
          { code: 'uplink', severity: 'ok' },
        ],
        warnings: [expect.stringMatching(/^Keyframes come only every 8\.3 s\. .*In OBS: .*Keyframe Interval: 2 s\.$/)],
        playback: {
          hls: `https://live.example.org/hls/${row.id}/index.m3u8`,
          hls_ts: `https://live.example.org/hls/${row.id}/ts.m3u8`,
          dash: `https://live.example.org/dash/${row.id}/manifest.mpd`,
          watch: 'https://live.example.org/watch/morning-show',
        },
      });
    }
  });

  test('streams are listed in pages, also filtered', async () => {
    const { call, store } = await apiUnderTest();
    for (let i = 0; i < 3; i++) {
      const row = someStream({ createdAtMs: i, state: i === 0 ? 'ERROR' : 'ACTIVE' });
      await store.streams.create(row, someEvent({ streamId: row.id }));
    }
    const first = streamPage.parse((await call('GET', '/streams?limit=2')).body);
    expect(first.items).toHaveLength(2);
    const rest = streamPage.parse((await call('GET', `/streams?limit=2&cursor=${first.next_cursor}`)).body);
    expect(rest).toMatchObject({ items: [{ state: 'ERROR' }], next_cursor: null });
    expect(streamPage.parse((await call('GET', '/streams?state=ERROR')).body).items).toHaveLength(1);
  });

  test('DELETE stops a running stream, and ends one that no server runs', async () => {
    const { call, store, running: live, stopped } = await apiUnderTest();
    const [active, left, pending] = [
      someStream({ state: 'ACTIVE', createdAtMs: 3 }),
      someStream({ state: 'ACTIVE' }),
      someStream(),
    ];
    for (const row of [active, left, pending]) await store.streams.create(row, someEvent({ streamId: row.id }));
    live.push(running(active.id));
    expect((await call('DELETE', '/streams/morning-show')).status).toBe(200);
    expect(stopped).toEqual([active.id]);
    expect((await call('DELETE', `/streams/${left.id}`)).body).toMatchObject({
      state: 'ENDED_GRACEFULLY',
      reason: 'operator',
    });
    expect((await call('DELETE', `/streams/${pending.id}`)).body).toMatchObject({
      state: 'ENDED_GRACEFULLY',
      reason: 'cancelled',
    });
    expect((await call('DELETE', `/streams/${pending.id}`)).status).toBe(200);
    const events = (await call('GET', `/events?stream=${left.id}`)).body;
    expect(events.items.map(({ type }: { type: string }) => type)).toEqual(['stream.created', 'stream.ended']);
  });
});

test('status tells version, load and warnings', async () => {
  const { call } = await apiUnderTest();
  const status = statusView.parse((await call('GET', '/status')).body);
  expect(status).toMatchObject({
    version: '0.1.0',
    node: 'test',
    viewers: 3,
    requests_total: 7,
    warnings: ['disk is slow'],
    uptime_seconds: 5,
  });
  expect(status.memory.rss_bytes).toBeGreaterThan(1_000_000);
  expect((await call('GET', '/healthz')).body).toEqual({ status: 'ok' });
});

describe('refusals', () => {
  test.each([
    ['GET', '/nothing', undefined, 404, 'API_NOT_FOUND'],
    ['PUT', '/keys', {}, 404, 'API_NOT_FOUND'],
    ['GET', '/streams/none', undefined, 404, 'STREAM_UNKNOWN'],
    ['GET', '/keys/none', undefined, 404, 'KEY_NOT_FOUND'],
    ['POST', '/keys', {}, 400, 'API_INPUT_INVALID'],
    ['POST', '/keys', { channel: '../../etc' }, 400, 'ACCESS_CHANNEL_INVALID'],
    ['POST', '/keys', { channel: 'a', admin: true }, 400, 'API_INPUT_INVALID'],
    ['POST', '/keys', { channel: 'a', expires_at: 'tomorrow' }, 400, 'API_INPUT_INVALID'],
    ['POST', '/keys', { channel: 'x'.repeat(70_000) }, 413, 'API_BODY_TOO_LARGE'],
    ['POST', '/keys', JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`), 413, 'API_BODY_TOO_LARGE'],
    ['GET', '/streams?limit=0', undefined, 400, 'API_INPUT_INVALID'],
    ['GET', '/streams?cursor=xyz', undefined, 400, 'STORE_CURSOR_INVALID'],
    ['GET', '/events?cursor=abc', undefined, 400, 'API_INPUT_INVALID'],
  ])('%s %s is refused with a problem that tells what to do', async (method, path, body, status, code) => {
    const { call, errors } = await apiUnderTest();
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(problemView.parse(answer.body)).toMatchObject({ code, status });
    expect(answer.body.remedy).not.toBe('');
    expect(errors).toEqual([]);
  });

  test('a body that is no JSON, compressed, or of another type is refused', async () => {
    const { api } = await apiUnderTest();
    const post = async (body: string, headers: Record<string, string>) =>
      (await api.request('/keys', { method: 'POST', body, headers })).status;
    expect(await post('{"channel":"a"}', { 'content-type': 'text/plain' })).toBe(415);
    expect(await post('{"channel":"a"}', { 'content-type': 'application/json', 'content-encoding': 'gzip' })).toBe(415);
    expect(await post('{"channel":', { 'content-type': 'application/json' })).toBe(400);
    expect(await post('{"channel":"a"}', { 'content-type': 'application/json; charset=utf-8' })).toBe(201);
  });

  test('no answer invites other origins', async () => {
    const { api } = await apiUnderTest();
    const response = await api.request('/keys', { headers: { origin: 'https://evil.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('a failure inside is logged and told without its details', async () => {
    const { call, store, errors } = await apiUnderTest();
    await store.close();
    const answer = await call('GET', '/keys');
    expect(answer).toMatchObject({ status: 500, body: { code: 'API_INTERNAL' } });
    expect(errors).toHaveLength(1);
  });
});
