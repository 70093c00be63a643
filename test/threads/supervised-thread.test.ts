import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DeliveryThread } from '../../src/threads/delivery-thread.ts';
import { rawTls } from '../delivery/secure/secure-rig.ts';
import { makeCertificate } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import { unheardViewers } from '../support/viewer-events.ts';

/** A delivery thread that nobody feeds. */
async function startThread() {
  const options = { listen: { host: '127.0.0.1', port: 0 }, isPortShared: false, maxConnections: 100, maxPerIp: 0 };
  const certificate = await makeCertificate('first.example');
  const data = { ...options, certificate, logLevel: 'fatal' };
  const thread = new DeliveryThread(
    'delivery-1',
    data,
    () => {},
    () => [],
    unheardViewers,
    pino({ level: 'silent' }),
  );
  onTestFinished(() => thread.stop());
  return { thread, port: await thread.start() };
}

/** Whose certificate a connection is shown; undefined when nobody listens. */
async function certificateName(port: number): Promise<string | undefined> {
  const client = await rawTls(port).catch(() => undefined);
  if (client === undefined) return undefined;
  const { subject } = client.socket.getPeerCertificate();
  client.socket.destroy();
  return subject.CN as string;
}

test('the successor of a thread that died begins with the settings that were made last, on the same port', async () => {
  const { thread, port } = await startThread();
  expect(await certificateName(port)).toBe('first.example');
  thread.setCertificate(await makeCertificate('renewed.example'));
  await thread.kill();
  expect(await until('it is replaced', () => certificateName(port))).toBe('renewed.example');
  expect(thread.restarts).toBe(1);
});
