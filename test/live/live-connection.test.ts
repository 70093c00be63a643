import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { LiveConnection, slowBytes, stuckBytes } from '../../src/live/live-connection.ts';
import { SocketCounts } from '../../src/live/socket-counts.ts';
import { Topic } from '../../src/live/topic.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

/** A reader that stops reading after its handshake, until it is told to go on; frames come over a real connection. */
async function slowReader() {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const reader: Socket = connect((http.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    reader.destroy();
    server.close();
    http.close();
  });
  const key = Buffer.alloc(16).toString('base64');
  reader.write(
    `GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const [socket] = (await once(server, 'connection')) as [WebSocket];
  await once(reader, 'data');
  reader.pause();
  const clock = { nowMs: 0 };
  const counts = new SocketCounts();
  const padding = 'x'.repeat(50_000);
  const topic = new Topic({ streamId: 'st_a', clock: new ManualClock(), snapshot: () => ({ padding }) });
  const options = { socket, topic, monotonicMs: () => clock.nowMs, isAllowed: () => true, counts };
  const connection = new LiveConnection(options, undefined);
  return { reader, socket, topic, connection, clock, counts };
}

/** Types of the messages in what was read, in order. */
function typesIn(bytes: string): string[] {
  return [...bytes.matchAll(/\{"type":"(\w+)"/g)].map(([, type]) => type!);
}

test('snapshots are left out for a slow reader, notifications wait for it, and it is told of those that could not', async () => {
  const { reader, socket, topic, counts } = await slowReader();
  for (let count = 0; count < 2000; count++) topic.tellSnapshot();
  expect(counts.messages + counts.snapshotsSkipped).toBe(2001); // with the one that greets
  expect(counts.snapshotsSkipped).toBeGreaterThan(1000);
  expect(socket.bufferedAmount).toBeGreaterThan(slowBytes);
  expect(socket.bufferedAmount).toBeLessThan(slowBytes + 60_000);
  for (let id = 0; id < 210; id++) topic.notify({ type: 'event', data: { id } }, null);
  expect(socket.bufferedAmount).toBeLessThan(slowBytes + 60_000);
  let read = '';
  reader.on('data', (chunk) => {
    read += chunk.toString('latin1');
  });
  reader.resume();
  await until('it has read all', () => {
    topic.tellSnapshot();
    return typesIn(read).includes('lost');
  });
  await until('snapshots come again', () => {
    topic.tellSnapshot();
    return typesIn(read).at(-1) === 'snapshot';
  });
  expect(typesIn(read).filter((type) => type === 'event')).toHaveLength(200);
  expect(counts.notificationsLost).toBe(10);
  expect(read).toContain('"data":{"count":10}');
  expect(read.indexOf('"type":"lost"')).toBeGreaterThan(read.lastIndexOf('"type":"event"'));
});

test('who does not read for half a minute is closed', async () => {
  const { socket, topic, connection, clock, counts } = await slowReader();
  for (let count = 0; count < 2000; count++) topic.tellSnapshot();
  await connection.look();
  clock.nowMs = 29_000;
  await connection.look();
  expect(socket.readyState).toBe(socket.OPEN);
  expect(counts.closedSlow).toBe(0);
  clock.nowMs = 30_001;
  await connection.look();
  await connection.look();
  expect(counts.closedSlow).toBe(1);
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1006); // the reader never saw the 1013 that waits for it
  expect(topic.listeners.size).toBe(0);
});

test('more than a mebibyte is never kept for one reader', async () => {
  const { socket, topic, connection } = await slowReader();
  const big = { type: 'event' as const, data: { text: 'x'.repeat(stuckBytes * 2) } };
  for (let count = 0; count < 8; count++) topic.notify(big, null);
  await connection.look();
  expect(socket.readyState).not.toBe(socket.OPEN);
});

test('who does not answer a ping is cut off at the next', async () => {
  const { socket, connection, clock } = await slowReader();
  clock.nowMs = 30_001;
  await connection.look();
  clock.nowMs = 60_002;
  await connection.look();
  await once(socket, 'close');
});
