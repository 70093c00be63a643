import { afterEach, expect, test } from 'vitest';
import { maxConcurrentStreams } from '../../../src/delivery/secure/session-limits.ts';
import { until } from '../../support/until.ts';
import { playlist } from '../fast-lane/lane-rig.ts';
import {
  acknowledgement,
  endHeaders,
  endStream,
  FrameClient,
  frame,
  frameType,
  requestHeaders,
  uint32,
} from './frame-client.ts';
import { ask, type SecureRig, secureRig, session } from './secure-rig.ts';

/** RFC 9113 §7. */
const enhanceYourCalm = 11;

let rig: SecureRig;
afterEach(() => rig.stop());

/** Whether a well-behaved viewer is served, and how fast, ms. */
async function othersAreServed(): Promise<void> {
  const viewer = await session(rig.port);
  expect((await ask(viewer, playlist)).status).toBe(200);
  viewer.destroy();
}

const get = requestHeaders(`${playlist}?_HLS_msn=2`);
const request = (streamId: number) => frame(frameType.headers, endHeaders | endStream, streamId, get);
const cancel = (streamId: number) => frame(frameType.resetStream, 0, streamId, uint32(8));

test('requests that are cancelled in the same breath cost the attacker its session, and leave nothing behind', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  const flood: Buffer[] = [];
  for (let i = 0; i < 5000; i++) flood.push(request(2 * i + 1), cancel(2 * i + 1));
  client.client.socket.write(Buffer.concat(flood));
  await until('its session has ended', () => client.isClosed);
  expect(client.goAwayCode).not.toBe(0);
  expect(rig.delivery.stats().waiters).toBe(0);
  expect(rig.delivery.requestsTotal()).toBeLessThan(1000);
  await othersAreServed();
  await until('nothing is left', () => rig.lane.stats().connections === 0);
  expect(rig.front.stats()).toMatchObject({ sessions: 0, streams: 0 });
});

test('requests that are cancelled a moment later cost the attacker its session too', async () => {
  rig = await secureRig({}, { resets: { burst: 50, perSecond: 1 } });
  const client = await FrameClient.connect(rig.port);
  let id = 1;
  await until('its session has ended', async () => {
    for (let i = 0; i < 10; i++) client.client.socket.write(request(id + 2 * i));
    await until('they wait', () => rig.delivery.stats().waiters > 0 || client.isClosed);
    for (let i = 0; i < 10; i++) client.client.socket.write(cancel(id + 2 * i));
    id += 20;
    return client.isClosed;
  });
  expect(id / 2).toBeLessThan(200);
  expect(rig.delivery.stats().waiters).toBe(0);
  await othersAreServed();
});

test('who makes us cancel its requests loses its session as well', async () => {
  rig = await secureRig({}, { resets: { burst: 50, perSecond: 1 } });
  const client = await FrameClient.connect(rig.port);
  let id = 1;
  await until('its session has ended', async () => {
    // A window that grows by nothing is an error of the stream (RFC 9113 §6.9).
    for (let i = 0; i < 10; i++, id += 2) {
      client.client.socket.write(Buffer.concat([request(id), frame(frameType.windowUpdate, 0, id, uint32(0))]));
    }
    await new Promise((resolve) => setImmediate(resolve));
    return client.isClosed;
  });
  expect(rig.delivery.stats().waiters).toBe(0);
  await othersAreServed();
});

test('a player that cancels now and then is served on', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  for (let i = 0; i < 100; i++) {
    const stream = viewer.request({ ':path': `${playlist}?_HLS_msn=2` });
    stream.on('error', () => {});
    stream.close(8);
  }
  expect((await ask(viewer, playlist)).status).toBe(200);
  expect(viewer.closed).toBe(false);
  viewer.destroy();
});

test.each([
  ['PING', frame(frameType.ping, 0, 0, Buffer.alloc(8))],
  ['SETTINGS', frame(frameType.settings, 0, 0, Buffer.alloc(0))],
])('a flood of %s whose answers are never read ends the session', async (_, one) => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  client.client.socket.pause();
  const before = process.memoryUsage().rss;
  const many = Buffer.concat(Array.from({ length: 2000 }, () => one));
  let isOver = false;
  client.client.socket.on('error', () => {
    isOver = true;
  });
  await until('its session has ended', () => {
    for (let i = 0; i < 20 && !isOver; i++) client.client.socket.write(many);
    return isOver || rig.lane.stats().connections === 0;
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
  client.client.socket.destroy();
  await othersAreServed();
});

test('settings that are acknowledged again and again, and frames of unknown types, harm nobody', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  for (let i = 0; i < 500; i++) client.send(0xb0, 0, 0, Buffer.alloc(10));
  for (let i = 0; i < 500; i++) client.send(frameType.ping, acknowledgement, 0, Buffer.alloc(8));
  await othersAreServed();
  client.client.socket.destroy();
});

test('a head beyond 16 KB is refused, in one frame or in many that never end', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  await until('limits are known', () => client.frames.some(({ type }) => type === frameType.settings));
  client.get(
    1,
    playlist,
    Array.from({ length: 90 }, (_, i) => [`x-${i}`, 'a'.repeat(160)]),
  );
  await until('it is refused', () => client.of(1, frameType.resetStream).length > 0 || client.isClosed);
  expect(client.of(1, frameType.headers)).toEqual([]);
  const endless = await FrameClient.connect(rig.port);
  endless.send(frameType.headers, endStream, 1, requestHeaders(playlist));
  const more = requestHeaders(
    playlist,
    Array.from({ length: 20 }, (_, i) => [`x-${i}`, 'a'.repeat(500)]),
  );
  await until('its session has ended', () => {
    for (let i = 0; i < 10; i++) endless.send(frameType.continuation, 0, 1, more);
    return endless.isClosed;
  });
  expect(rig.delivery.requestsTotal()).toBe(0);
  await othersAreServed();
  client.client.socket.destroy();
});

test('more than a hundred header fields are refused', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  client.get(
    1,
    playlist,
    Array.from({ length: 200 }, (_, i) => [`x-${i}`, '1']),
  );
  await until('it is refused', () => client.of(1, frameType.resetStream).length > 0 || client.isClosed);
  expect(client.of(1, frameType.resetStream)[0]?.payload.readUInt32BE(0)).toBe(enhanceYourCalm);
  client.client.socket.destroy();
});

test('requests beyond what may be open at once are refused, and who goes on loses its session', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  for (let i = 0; i < maxConcurrentStreams + 10; i++) client.client.socket.write(request(2 * i + 1));
  await until(
    'ten are refused',
    () => client.frames.filter(({ type }) => type === frameType.resetStream).length === 10,
  );
  expect(rig.delivery.stats().waiters).toBe(maxConcurrentStreams);
  for (let i = 0; i < 1000; i++) client.client.socket.write(request(2 * (maxConcurrentStreams + 10 + i) + 1));
  await until('its session has ended', () => client.isClosed);
  await until('nobody waits', () => rig.delivery.stats().waiters === 0);
  await othersAreServed();
});

test('who never takes a byte of its connection is cut off, and holds little while it is there', async () => {
  rig = await secureRig({ budget: { stallMs: 1000, pendingBytes: 4 << 20 } });
  rig.video.segment({ partBytes: 4 << 20 });
  const wideWindow = Buffer.concat([Buffer.from([0, 4]), uint32(0x7fffffff)]);
  const client = await FrameClient.connect(rig.port, wideWindow);
  client.send(frameType.windowUpdate, 0, 0, uint32(0x7fffffff - 65_535));
  client.client.socket.pause();
  const before = process.memoryUsage();
  for (let i = 0; i < 200; i++) client.get(2 * i + 1, '/hls/st1/source/segment-2.m4s');
  await until('it has all it gets', () => rig.delivery.stats().bytesOut > 4 << 20);
  expect(rig.delivery.stats().bytesOut).toBeLessThan(16 << 20);
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(100 << 20);
  await until('it is cut off', () => rig.lane.stats().connections === 0);
  client.client.socket.destroy();
  await othersAreServed();
});

test('a request whose body never ends is broken off', async () => {
  rig = await secureRig({}, { requestMs: 1000 });
  const client = await FrameClient.connect(rig.port);
  client.send(frameType.headers, endHeaders, 1, requestHeaders('/api'));
  const drip = setInterval(() => client.send(frameType.data, 0, 1, Buffer.from('x')), 200);
  await until('it is reset', () => client.of(1, frameType.resetStream).length > 0 || client.isClosed);
  clearInterval(drip);
  client.client.socket.destroy();
});

test.each([
  ['a request on stream 0', frame(frameType.headers, endHeaders | endStream, 0, get)],
  ['a request on an even stream', request(2)],
  ['data of no request', frame(frameType.data, 0, 1, Buffer.from('x'))],
  ['a continuation of nothing', frame(frameType.continuation, endHeaders, 1, get)],
  ['a frame larger than agreed', frame(frameType.data, 0, 1, Buffer.alloc(20_000))],
  ['compressed headers that are none', frame(frameType.headers, endHeaders | endStream, 1, Buffer.alloc(50, 0xff))],
  ['a PUSH_PROMISE', frame(5, endHeaders, 1, Buffer.concat([uint32(2), get]))],
  ['HTTP/1.1', Buffer.from('GET /time HTTP/1.1\r\nHost: x\r\n\r\n')],
])('%s is an error of the connection, and of that one only', async (_, bytes) => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  client.client.socket.write(bytes);
  await until('it was closed', () => client.isClosed);
  expect(client.goAwayCode).not.toBe(0);
  await othersAreServed();
});

test.each([
  ['upper case', 'X-Upper', '1'],
  ['Connection', 'connection', 'close'],
  ['Transfer-Encoding', 'transfer-encoding', 'chunked'],
])('a request with %s in its header fields gets no answer', async (_, name, value) => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  client.get(1, playlist, [[name, value]]);
  await until('it is refused', () => client.of(1, frameType.resetStream).length > 0 || client.isClosed);
  expect(client.of(1, frameType.headers)).toEqual([]);
  client.client.socket.destroy();
});

test.each([
  ['a line break', 'b\r\nx-c: d'],
  ['a NUL', 'b\0c'],
])('a header field with %s reaches nobody', async (_, value) => {
  const seen: string[] = [];
  rig = await secureRig(
    {},
    {
      next: (incoming, response) => {
        seen.push(...Object.keys(incoming.headers));
        response.end();
      },
    },
  );
  const client = await FrameClient.connect(rig.port);
  client.get(1, '/watch/show', [
    ['x-before', '1'],
    ['x-a', value],
  ]);
  await until('it came', () => client.of(1, frameType.headers).length > 0);
  expect(seen.filter((name) => name.startsWith('x-'))).toEqual(['x-before']);
  client.client.socket.destroy();
});
