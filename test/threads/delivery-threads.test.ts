import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { loadHostAddon } from '../../src/host/native.ts';
import type { DeliverySideOptions } from '../../src/threads/delivery-side.ts';
import { DeliveryThreads } from '../../src/threads/delivery-threads.ts';
import type { PortSockets } from '../../src/threads/port-sockets.ts';
import { get, raw, statuses } from '../delivery/fast-lane/lane-rig.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import { unheardViewers } from '../support/viewer-events.ts';

/** Delivery threads that nobody feeds. */
async function startThreads(count: number, change: Partial<DeliverySideOptions>, sockets?: PortSockets) {
  const listen = { host: '127.0.0.1', port: 0 };
  const options = { listen, maxConnections: 100, maxPerIp: 0, logLevel: 'fatal', ...change };
  const crew = new DeliveryThreads(count, options, () => {}, unheardViewers, pino({ level: 'silent' }), sockets);
  onTestFinished(() => crew.stop());
  return { crew, port: await crew.start() };
}

test('a viewer that comes back resumes its TLS session at whichever thread it meets, also at one that was replaced', async () => {
  const { crew, port } = await startThreads(2, { certificate: await makeCertificate() });
  const viewer = (session?: Buffer) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...(session && { session }) });
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  const [ticket] = (await once(viewer(), 'session')) as [Buffer];
  await crew.threads[0]!.kill();
  await until('the thread is back', () => crew.figures.length === 2);
  const resumed = await Promise.all(
    Array.from({ length: 24 }, async () => {
      const socket = viewer(ticket);
      await once(socket, 'secureConnect');
      return socket.isSessionReused();
    }),
  );
  expect(resumed).toEqual(Array(24).fill(true));
  await until('both threads were met', () => crew.figures.every(({ sockets }) => sockets.connections > 1));
});

test('a thread knows the trusted proxies that the cap for one address does not hold for', async () => {
  const { port } = await startThreads(1, { maxPerIp: 1, trustedProxies: ['127.0.0.0/8'] });
  const viewers = await Promise.all([1, 2, 3].map(() => raw(port, get('/time'))));
  onTestFinished(() => viewers.forEach(({ socket }) => void socket.destroy()));
  await until('all are answered', () => viewers.every(({ received }) => statuses(received())[0] === 200));
});

test('every thread knows who may watch from its first request on, and at once what changes; so does one that takes the place of another', async () => {
  const settings = (isSignedByDefault: boolean) => ({
    policy: { isSignedByDefault, exceptions: [] },
    keys: [],
    edgeSecret: '',
  });
  const { crew, port } = await startThreads(2, { playback: settings(true) });
  const asked = async () => {
    const replies = await Promise.all(
      Array.from({ length: 16 }, () => raw(port, get('/hls/show/index.m3u8', 'Connection: close\r\n'))),
    );
    await until('all are answered', () => replies.every(({ isClosed }) => isClosed()));
    return new Set(replies.flatMap(({ received }) => statuses(received())));
  };
  expect(await asked()).toEqual(new Set([401]));
  crew.setPlayback(settings(false));
  await until('it is public', async () => (await asked()).has(404));
  expect(await asked()).toEqual(new Set([404]));
  crew.setPlayback(settings(true));
  await crew.threads[0]!.kill();
  await until('the thread is back', () => crew.figures.length === 2);
  expect(await asked()).toEqual(new Set([401]));
});

test('on one handed-over socket a thread that dies leaves it to the others, and its successor listens on it again', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const { fd } = (holder as unknown as { _handle: { fd: number } })._handle;
  const addon = loadHostAddon('/nowhere');
  const kept = addon.duplicate(fd);
  holder.close(); // it must not answer itself
  onTestFinished(() => closeSync(kept));
  const sockets = { count: () => 1, lend: () => [addon.duplicate(kept)] };
  const { crew } = await startThreads(2, {}, sockets);
  const answered = async () => {
    const { received, socket } = await raw(port, get('/time'));
    await until('it is answered', () => statuses(received())[0] === 200);
    socket.destroy();
  };
  await answered();
  for (const [index, thread] of crew.threads.entries()) {
    await thread.kill();
    for (let count = 0; count < 10; count++) await answered();
    await until('the thread is back', () => thread.restarts === 1 && thread.figures !== undefined);
    expect(crew.restarts).toBe(index + 1);
  }
  await answered();
  await crew.stop();
  // Nobody answers now, and nobody is refused: who connects waits for the next process.
  const waiting = await raw(port, get('/time'));
  expect(waiting.isClosed()).toBe(false);
  waiting.socket.destroy();
});
