import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeMetrics, publicMetrics, streamMetrics } from '../../src/contract/live-metrics.ts';
import { streamAnalyticsView, ticketView } from '../../src/contract/stream-analytics.ts';
import { makeLiveClip } from '../support/clips.ts';
import { type ListenOptions, LiveListener, localSocketUrl, socketUrl } from '../support/live-listener.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

const channel = 'watched';
let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let clip: string;
let publisher: Publisher | undefined;
let authorization: string;
const listeners: LiveListener[] = [];

beforeAll(async () => {
  server = await TestServer.start({ env: { STREAMCTL_RTMP_GRACE: '20s' } });
  folder = await temporaryFolder('live-sockets');
  clip = await makeLiveClip(folder.path, { width: 320, height: 180, videoKbps: 400 }, 150);
  authorization = `Bearer ${readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim()}`;
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, clip);
  await server.isOnAir(channel);
});

afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});

afterAll(async () => {
  await publisher?.kill();
  await server?.dispose();
  await folder?.remove();
});

function listen(path: string, options: ListenOptions = {}): LiveListener {
  const listener = new LiveListener(socketUrl(server.httpUrl, path), options);
  listeners.push(listener);
  return listener;
}

async function api(method: string, path: string): Promise<unknown> {
  const response = await fetch(`${server.httpUrl}${path}`, { method, headers: { authorization } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

async function ticket(): Promise<string> {
  return ticketView.parse(await api('POST', '/ws/tickets')).ticket;
}

describe('what is told of a broadcast', () => {
  test('a snapshot comes at once and then every second, numbered, with what ffmpeg publishes and a viewer fetches', async () => {
    const listener = listen(`/ws/stream/${channel}`, { headers: { authorization } });
    await listener.hears('snapshot');
    const { hls } = server.playback(channel);
    const view = async () => {
      const multivariant = await (await fetch(hls)).text();
      const rendition = new URL(multivariant.trim().split('\n').at(-1)!, hls);
      const playlist = await (await fetch(rendition)).text();
      const [, part] = /#EXT-X-PART:.*URI="([^"]+)"(?![\s\S]*#EXT-X-PART:)/.exec(playlist) ?? [];
      if (part !== undefined) await (await fetch(new URL(part, rendition))).arrayBuffer();
    };
    // Each figure is told as soon as it is known: they meet in one snapshot sooner or later.
    await eventually(async () => {
      await view();
      const metrics = streamMetrics.parse(listener.messages.at(-1)!.data);
      expect(metrics).toMatchObject({
        channel,
        state: 'ACTIVE',
        interrupted_since: null,
        health: 'good',
        warnings: [],
      });
      expect(metrics.started_at).not.toBeNull();
      expect(metrics.viewers).toBe(1);
      expect(metrics.bitrate_out_bps).toBeGreaterThan(0);
      expect(metrics.ingest).toMatchObject({ dropped_frames: 0 });
      expect(metrics.ingest!.fps).toBeGreaterThan(20);
      expect(metrics.ingest!.bitrate_bps).toBeGreaterThan(100_000);
      const { part, listed, delivered } = metrics.latency_ms;
      expect(part.p50).toBeGreaterThan(0);
      expect(part.p95).toBeGreaterThan(0);
      expect(part.p95).toBeLessThan(2500);
      expect(listed.p50).toBeGreaterThanOrEqual(part.p50! * 0.9);
      expect(delivered.p95).toBeGreaterThanOrEqual(0);
    });
    await until('it has been told for a while', () => listener.messages.length >= 3);
    const seqs = listener.messages.map(({ seq }) => seq);
    expect(seqs.slice(1).every((seq, index) => seq === seqs[index]! + 1)).toBe(true);
  });

  test('the node tells of all broadcasts, over the control socket without a token', async () => {
    const listener = new LiveListener(localSocketUrl(server.dataFolder, '/ws/metrics'));
    listeners.push(listener);
    await eventually(() => {
      const node = nodeMetrics.parse(listener.messages.at(-1)?.data);
      expect(node).toMatchObject({ publishers: 1, streams: [{ channel, state: 'ACTIVE' }] });
      expect(node.bitrate_in_bps).toBeGreaterThan(100_000);
      expect(node.cpu_cores).toBeGreaterThan(0);
      expect(node.rss_bytes).toBeGreaterThan(10_000_000);
    });
  });

  test('the same figures are answered by GET, with seconds and minutes', async () => {
    await eventually(async () => {
      const { now, series } = streamAnalyticsView.parse(await api('GET', `/metrics/${channel}`));
      expect(now.fps).toBeGreaterThan(20);
      expect(now.latency_ms.p95).toBeGreaterThan(0);
      expect(series.points.length).toBeGreaterThanOrEqual(3);
      expect(series.points.at(-1)!.frames).toBeGreaterThan(10);
    });
    // The minute that runs has just begun, perhaps.
    await eventually(async () => {
      const { series } = streamAnalyticsView.parse(await api('GET', `/metrics/${channel}?resolution=1m`));
      expect(series.points).toHaveLength(new Set(series.points.map(({ time }) => time)).size);
      expect(series.points.at(-1)!.frames).toBeGreaterThan(30);
    });
  });
});

describe('who may listen', () => {
  test('everybody hears of a public channel who watches it, and nothing else', async () => {
    const listener = listen(`/ws/stream/${channel}`);
    const { data } = await listener.hears('snapshot');
    expect(Object.keys(data).sort()).toEqual(Object.keys(publicMetrics.shape).sort());
  });

  test('a page of another site is refused, whatever it shows', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      'file://',
      server.httpUrl.replace('127.0.0.1', 'localhost'),
    ]) {
      const refusal = await listen('/ws/metrics', { headers: { origin, authorization } }).isRefused();
      expect({ origin, status: refusal.status }).toEqual({ origin, status: 403 });
      expect(refusal.body).toContain('API_ORIGIN_FOREIGN');
    }
    await listen('/ws/metrics', { headers: { origin: server.httpUrl, authorization } }).hears('snapshot');
  });

  test('a ticket opens one WebSocket, once, and is not echoed', async () => {
    const protocols = ['streamctl', `ticket.${await ticket()}`];
    const first = listen('/ws/metrics', { protocols });
    await first.hears('snapshot');
    expect(first.socket.protocol).toBe('streamctl');
    expect((await listen('/ws/metrics', { protocols }).isRefused()).status).toBe(401);
    expect((await listen(`/ws/stream/${channel}`, { protocols }).isRefused()).status).toBe(401);
  });

  test('a token in the address opens nothing; a wrong one in its place is refused, also of a public channel', async () => {
    const secret = authorization.slice('Bearer '.length);
    expect((await listen(`/ws/metrics?token=${secret}&access_token=${secret}`).isRefused()).status).toBe(401);
    expect((await listen('/ws/metrics').isRefused()).status).toBe(401);
    const wrong = { authorization: 'Bearer pat_aaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' };
    expect((await listen(`/ws/stream/${channel}`, { headers: wrong }).isRefused()).status).toBe(401);
  });

  test('what there is none of is not found', async () => {
    expect((await listen('/ws/stream/nobody').isRefused()).status).toBe(404);
    expect((await listen('/ws/other', { headers: { authorization } }).isRefused()).status).toBe(404);
  });

  test('who says more than 1 KiB is closed, who says nonsense is not', async () => {
    const listener = listen('/ws/metrics', { headers: { authorization } });
    await listener.hears('snapshot');
    listener.socket.send('nonsense');
    listener.socket.send(Buffer.alloc(64));
    listener.socket.send('x'.repeat(1025));
    await until('it is closed', () => listener.closeCode === 1009);
  });
});

test('interruption, return and end are told in order with their numbers, also to who was away meanwhile', async () => {
  const constant = listen(`/ws/stream/${channel}`, { headers: { authorization } });
  const open = listen(`/ws/stream/${channel}`);
  const away = listen(`/ws/stream/${channel}`, { headers: { authorization } });
  await Promise.all([constant.hears('snapshot'), open.hears('snapshot'), away.hears('snapshot')]);
  const streamId = constant.messages[0]!.stream_id!;
  const after = away.messages.at(-1)!.seq;
  away.close();

  await publisher!.kill();
  await until('it is interrupted', () => constant.ofType('interruption').length === 1);
  await until(
    'a snapshot says so',
    () => streamMetrics.parse(constant.ofType('snapshot').at(-1)!.data).health === 'poor',
  );
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, clip);
  await until('it goes on', () => constant.ofType('interruption').length === 2);
  await publisher.stop();
  await constant.hears('state');

  const told = constant.ofType('interruption', 'state');
  expect(told.map(({ type, data }) => [type, data])).toEqual([
    ['interruption', { interrupted_since: expect.stringMatching(/Z$/), why: expect.any(String) }],
    ['interruption', { interrupted_since: null, why: null }],
    ['state', { state: 'ENDED_GRACEFULLY', reason: 'publisher' }],
  ]);
  const seqs = constant.messages.map(({ seq }) => seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
  await until('viewers hear it too', () => open.ofType('state').length === 1);
  expect(open.ofType('state')[0]!.data).toEqual({ state: 'ENDED_GRACEFULLY', reason: null });
  expect(open.ofType('event', 'key', 'quality')).toEqual([]);

  const node = listen('/ws/metrics', { headers: { authorization } });
  await node.hears('snapshot');
  node.socket.send(JSON.stringify({ resume: node.messages[0]!.seq - 10_000 }));
  await node.hears('lost');
  const missed = told.map(({ seq }) => seq);
  const back = listen(`/ws/stream/${streamId}?after=${after}`, { headers: { authorization } });
  await until('it hears what it missed', () => back.ofType('interruption', 'state').length === 3);
  expect(back.ofType('interruption', 'state').map(({ seq }) => seq)).toEqual(missed);
  expect(back.ofType('lost')).toEqual([]);
});

test('at the end everybody is told that the server goes', async () => {
  const listener = listen('/ws/metrics', { headers: { authorization } });
  await listener.hears('snapshot');
  await server.stop();
  expect(await until('it is closed', () => listener.closeCode)).toBe(1001);
});
