import { once } from 'node:events';
import { connect } from 'node:tls';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { DeliverySideOptions } from '../../src/threads/delivery-side.ts';
import { DeliveryThreads } from '../../src/threads/delivery-threads.ts';
import { get, raw, statuses } from '../delivery/fast-lane/lane-rig.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';

/** Delivery threads that nobody feeds. */
async function startThreads(count: number, change: Partial<DeliverySideOptions>) {
  const listen = { host: '127.0.0.1', port: 0 };
  const options = { listen, maxConnections: 100, maxPerIp: 0, logLevel: 'fatal', ...change };
  const crew = new DeliveryThreads(count, options, () => {}, pino({ level: 'silent' }));
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
