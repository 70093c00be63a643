import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { Uplink } from './uplink.ts';

let server: Server;
let uplink: Uplink;
let publisher: Socket;
let received = 0;
/** The server's side of the connection. */
let accepted: Socket;

function closing(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

beforeEach(async () => {
  received = 0;
  server = createServer((socket) => {
    accepted = socket;
    socket.on('data', (bytes) => {
      received += bytes.length;
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  uplink = await Uplink.open((server.address() as AddressInfo).port);
  publisher = connect(uplink.port, '127.0.0.1').on('error', () => {});
  publisher.write(Buffer.alloc(1000));
  await until('the first bytes are there', () => received === 1000);
});

afterEach(() => {
  publisher.destroy();
  uplink.close();
  server.close();
});

test('a narrow uplink lets so many bytes a second through and holds the rest, which goes on when it is wide again', async () => {
  uplink.narrow(4000);
  publisher.write(Buffer.alloc(100_000));
  await until('a burst is through', () => received >= 2000);
  expect(received % 1000).toBe(0);
  expect(uplink.heldBytes).toBeGreaterThan(90_000);
  uplink.narrow(Number.POSITIVE_INFINITY);
  await until('all is through', () => received === 101_000);
  expect(uplink.heldBytes).toBe(0);
});

test('a silent uplink swallows what is sent and tells neither side; when it heals the publisher is cut off', async () => {
  uplink.fallSilent();
  publisher.write(Buffer.alloc(1000));
  const closed = closing(accepted);
  accepted.destroy();
  await closed;
  expect([received, publisher.closed]).toEqual([1000, false]);
  const cut = closing(publisher);
  uplink.heal();
  await cut;
});

test('when it is torn both ends lose their connection, and the server end is told', async () => {
  const ends = Promise.all([closing(publisher), closing(accepted)]);
  const told = new Promise<void>((resolve) => {
    uplink.onServerClosed = resolve;
  });
  uplink.tear();
  await Promise.all([ends, told]);
});
