import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Delivery } from '../../src/delivery/delivery.ts';
import { createPlaybackListener, viewerServerOptions } from '../../src/delivery/http-server.ts';
import { until } from '../support/until.ts';
import { get, playlist, raw, statuses } from './fast-lane/lane-rig.ts';
import { Feeder, type FeedRendition } from './feeder.ts';

let delivery: Delivery;
let feeder: Feeder;
let video: FeedRendition;
let server: Server;
let port: number;

beforeEach(async () => {
  delivery = new Delivery({ clock: systemClock });
  feeder = new Feeder((message) => delivery.apply(message), { availabilityStartMs: Date.now() - 60_000 });
  video = feeder.video();
  video.segment();
  const next = (_: unknown, response: { end(text: string): void }) => response.end('page');
  const budget = { stallMs: 1000, pendingBytes: 4 << 20 };
  server = createServer(viewerServerOptions, createPlaybackListener(delivery, next, { clock: systemClock, budget }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('what belongs to playback is answered, the rest is handed on', async () => {
  const page = await fetch(`http://127.0.0.1:${port}/watch/show`);
  expect(await page.text()).toBe('page');
  const answer = await fetch(`http://127.0.0.1:${port}${playlist}`, { headers: { 'Accept-Encoding': 'gzip' } });
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(answer.headers.get('date')).not.toBeNull();
  expect(await answer.text()).toContain('segment-1.m4s');
});

test('HEAD, ranges and revalidation hold over a socket, one after the other', async () => {
  const tag = (await fetch(`http://127.0.0.1:${port}/hls/st1/source/segment-1.m4s`)).headers.get('etag');
  const { socket, received } = await raw(
    port,
    `HEAD /hls/st1/source/segment-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n${get('/hls/st1/source/segment-1.m4s', 'Range: bytes=0-3\r\n')}${get('/hls/st1/source/segment-1.m4s', `If-None-Match: ${tag}\r\n`)}${get('/time')}`,
  );
  await until('four answers came', () => statuses(received()).length === 4 && received().endsWith('Z'));
  expect(statuses(received())).toEqual([200, 206, 304, 200]);
  expect(received()).toContain('Content-Range: bytes 0-3/');
  socket.destroy();
});

test('the absolute form of a request target is understood', async () => {
  const { socket, received } = await raw(port, get(`http://127.0.0.1:${port}${playlist}?_HLS_msn=1`));
  await until('an answer came', () => received().includes('segment-1.m4s'));
  expect(statuses(received())).toEqual([200]);
  socket.destroy();
});

test('a blocked request is answered within milliseconds of the part it waits for', async () => {
  const tookMs: number[] = [];
  video.open();
  // The quickest tells: at any one moment this machine may do something else.
  for (let part = 0; part < 4; part++) {
    const answer = fetch(`http://127.0.0.1:${port}${playlist}?_HLS_msn=2&_HLS_part=${part}`);
    await until('the request is held', () => delivery.stats().waiters === 1);
    const fedMs = performance.now();
    video.part();
    expect(await (await answer).text()).toContain(`segment-2.${part}.m4s`);
    tookMs.push(performance.now() - fedMs);
  }
  expect(Math.min(...tookMs)).toBeLessThan(200);
});

test('a viewer that leaves frees what it waited for, pipelined requests too', async () => {
  const { socket } = await raw(
    port,
    get(`${playlist}?_HLS_msn=2`) + get(`${playlist}?_HLS_msn=3`) + get(`${playlist}?_HLS_msn=2`),
  );
  await until('three requests are held', () => delivery.stats().waiters === 3);
  socket.destroy();
  await until('nobody waits', () => delivery.stats().waiters === 0);
  video.segment();
});

test('pipelined answers come in order, whichever is ready first', async () => {
  const { socket, received } = await raw(port, get(`${playlist}?_HLS_msn=2`) + get('/time'));
  await until('the first is held', () => delivery.stats().waiters === 1);
  expect(received()).toBe('');
  video.segment();
  await until('both came', () => received().endsWith('Z'));
  expect(received().indexOf('#EXTM3U')).toBeLessThan(received().indexOf('text/plain'));
  socket.destroy();
});

test('a connection that piles up held requests is cut', async () => {
  const { isClosed } = await raw(port, get(`${playlist}?_HLS_msn=2`).repeat(20));
  await until('it was cut', isClosed);
  await until('nobody waits', () => delivery.stats().waiters === 0);
});

test('a thousand waiting viewers are answered at once, with the same bytes', async () => {
  const viewers = await Promise.all(
    Array.from({ length: 1000 }, () => raw(port, get(`${playlist}?_HLS_msn=2&_HLS_part=0`))),
  );
  await until('all are held', () => delivery.stats().waiters === 1000);
  video.open();
  const fedMs = performance.now();
  video.part();
  await until('all are answered', () => viewers.every(({ received }) => received().includes('segment-2.1.m4s')));
  expect(performance.now() - fedMs).toBeLessThan(2000);
  const bodies = new Set(viewers.map(({ received }) => received().slice(received().indexOf('#EXTM3U'))));
  expect(bodies.size).toBe(1);
  expect(delivery.stats()).toMatchObject({ waiters: 0, requests: { playlist: { 200: 1000 } } });
  for (const { socket } of viewers) socket.destroy();
});

test('a hinted part leaves in one go, when it is whole', async () => {
  video.open();
  const { socket, received } = await raw(port, get('/hls/st1/source/segment-2.0.m4s'));
  await until('the request is held', () => delivery.stats().waiters === 1);
  expect(received()).toBe('');
  const part = video.part({ partBytes: 200_000 });
  await until('it came', () => received().length > part.bytes.length);
  expect(received()).toContain(`Content-Length: ${part.bytes.length}`);
  socket.destroy();
});

test('a segment in the making comes chunk by chunk, one whole moof and mdat each, at once', async () => {
  video.open();
  const first = video.part({ partBytes: 70_000 });
  const { socket, received } = await raw(port, get('/dash/st1/source/segment-2.m4s'));
  const sizes = () =>
    [...received().matchAll(/(?:^|\r\n)([0-9a-f]+)\r\n(?=[\s\S]{4}(?:moof|styp)|\r\n$)/g)].map((match) => match[1]);
  await until('the first chunk came', () => received().length > first.bytes.length);
  expect(received()).toContain('Transfer-Encoding: chunked');
  expect(received()).not.toContain('\r\nContent-Length:');
  expect(sizes()).toEqual([first.bytes.length.toString(16)]);
  const second = video.part({ partBytes: 3000 });
  await until('the second chunk came', () => sizes().length === 2);
  video.close();
  await until('the end came', () => received().endsWith('\r\n0\r\n\r\n'));
  expect(sizes()).toEqual([first, second].map(({ bytes }) => bytes.length.toString(16)).concat('0'));
  socket.destroy();
});

test('a broken off answer ends with the connection and without the final chunk', async () => {
  video.open();
  video.part();
  const { received, isClosed } = await raw(port, get('/dash/st1/source/segment-2.m4s'));
  await until('the first chunk came', () => received().includes('moof'));
  delivery.removeStream('st1');
  await until('the connection is gone', isClosed);
  expect(received().endsWith('0\r\n\r\n')).toBe(false);
  expect(delivery.stats().progressiveAborted).toBe(1);
});

test('a viewer that leaves a growing answer is not served any more', async () => {
  video.open();
  video.part();
  const { socket, received } = await raw(port, get('/dash/st1/source/segment-2.m4s'));
  await until('the first chunk came', () => received().includes('moof'));
  socket.destroy();
  await until('the server knows', async () => {
    const connections = await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
    return connections === 0;
  });
  const before = delivery.stats().bytesOut;
  video.part();
  expect(delivery.stats().bytesOut).toBe(before);
});

test('a reader that takes nothing is cut off and counted, others are not disturbed', async () => {
  video.segment({ partBytes: 8 << 20 });
  const slow = connect(port, '127.0.0.1');
  slow.on('error', () => {});
  await once(slow, 'connect');
  slow.pause();
  slow.write(get('/hls/st1/source/segment-2.m4s'));
  const fast = await fetch(`http://127.0.0.1:${port}/hls/st1/source/segment-2.m4s`);
  expect((await fast.arrayBuffer()).byteLength).toBeGreaterThan(32 << 20);
  await until('the slow reader is cut off', () => delivery.stats().slowReadersDropped === 1);
  slow.destroy();
});

test('headers beyond 16 KB are refused', async () => {
  const { received, isClosed } = await raw(port, get(playlist, `X-Long: ${'a'.repeat(20_000)}\r\n`));
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([431]);
});

test('a body sent to playback is refused with its method, and odd framing does not pass', async () => {
  const posted = await fetch(`http://127.0.0.1:${port}${playlist}`, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  const { received, isClosed } = await raw(
    port,
    `GET ${playlist} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([400]);
});

test('a client of HTTP/1.0 gets a growing segment until the connection closes', async () => {
  video.open();
  video.part();
  const { received, isClosed } = await raw(port, 'GET /dash/st1/source/segment-2.m4s HTTP/1.0\r\n\r\n');
  await until('the first chunk came', () => received().includes('moof'));
  video.close();
  await until('it was closed', isClosed);
  expect(received()).not.toContain('Transfer-Encoding');
});

test('node:http clients see a broken off answer as an error', async () => {
  video.open();
  video.part();
  const outcome = new Promise<string>((resolve) => {
    const client = request({ port, path: '/dash/st1/source/segment-2.m4s' }, (response) => {
      response.on('data', () => feeder.end());
      response.on('error', () => resolve('error'));
      response.on('end', () => resolve(response.complete ? 'complete' : 'cut'));
    });
    client.on('error', () => resolve('error'));
    client.end();
  });
  expect(await outcome).toBe('error');
});
