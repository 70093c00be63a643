import { once } from 'node:events';
import { connect } from 'node:tls';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DeliveryThreads } from '../../src/threads/delivery-threads.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';

test('a viewer that comes back resumes its TLS session at whichever thread it meets, also at one that was replaced', async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  const options = { listen, maxConnections: 100, maxPerIp: 0, certificate: await makeCertificate(), logLevel: 'fatal' };
  const crew = new DeliveryThreads(2, options, () => {}, pino({ level: 'silent' }));
  onTestFinished(() => crew.stop());
  const port = await crew.start();
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
