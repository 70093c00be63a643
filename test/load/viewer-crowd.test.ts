import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ViewerCrowd, type ViewerKind } from '../../src/load/viewer-crowd.ts';
import { until } from '../support/until.ts';
import { lowLatencyPlaylist } from './spoken-playlist.ts';

const running: { crowd?: ViewerCrowd; server?: Server } = {};
afterEach(() => {
  running.crowd?.stop();
  running.server?.closeAllConnections();
  running.server?.close();
});

async function crowdAgainst(kind: ViewerKind, viewers: number, listener: RequestListener): Promise<ViewerCrowd> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  running.server = server;
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  running.crowd = new ViewerCrowd({
    kind,
    playlistUrls: [`http://127.0.0.1:${port}/show/index.m3u8`],
    numbers: { first: 0, step: 1, count: viewers },
    arrivalEveryMs: 1,
  });
  return running.crowd;
}

const playlist = lowLatencyPlaylist({ firstMsn: 5, segments: 6, openParts: 2 });

test('each viewer plays over a connection of its own, and every answer is counted', async () => {
  const connections = new Set<unknown>();
  const sent: string[] = [];
  const crowd = await crowdAgainst('hls', 20, (request, response) => {
    connections.add(request.socket);
    sent.push(request.url!);
    response.end(request.url!.endsWith('.m3u8') ? playlist : Buffer.alloc(100_000));
  });
  await until('all play', () => crowd.playing === 20);
  const figures = crowd.figures();
  expect(connections.size).toBe(20);
  expect(figures).toMatchObject({ viewers: 20, playing: 20, stalls: 0, errors: {} });
  expect(figures.requests).toBe(sent.length);
  expect(sent.filter((url) => url === '/show/s9.m4s')).toHaveLength(20);
  expect(figures.receivedBytes).toBeGreaterThan(20 * 4 * 100_000);
});

test('low-latency viewers fetch parts, and wait for the next one', async () => {
  const held: string[] = [];
  const crowd = await crowdAgainst('ll-hls', 5, (request, response) => {
    if (request.url!.includes('?')) held.push(request.url!);
    else response.end(request.url!.endsWith('.m3u8') ? playlist : 'media');
  });
  await until('all wait', () => held.length === 5);
  expect(new Set(held)).toEqual(new Set(['/show/index.m3u8?_HLS_msn=11&_HLS_part=2']));
  expect(crowd.figures()).toMatchObject({ playing: 5, errors: {} });
});

test('refusals and broken connections are errors, after which a viewer tries again', async () => {
  let answered = 0;
  const crowd = await crowdAgainst('hls', 3, (request, response) => {
    answered++;
    if (answered <= 3) response.writeHead(503, { Connection: 'close' }).end('full');
    else if (answered <= 6) request.socket.destroy();
    else response.end(request.url!.endsWith('.m3u8') ? playlist : 'media');
  });
  await until('all play', () => crowd.playing === 3);
  expect(crowd.figures().errors).toEqual({ '503 for playlist': 3, closed: 3 });
});
