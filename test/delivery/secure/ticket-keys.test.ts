import { once } from 'node:events';
import { connect, type SecureVersion } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { newTicketKeys } from '../../../src/delivery/secure/ticket-keys.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { get, statuses } from '../fast-lane/lane-rig.ts';
import { rawTls, secureRig } from './secure-rig.ts';

async function rigWith(ticketKeys: Uint8Array) {
  const rig = await secureRig({}, { ticketKeys });
  onTestFinished(rig.stop);
  return rig;
}

/** A connection of this TLS version, and what the server gives it to come back with. */
async function ticketOf(port: number, version: SecureVersion): Promise<Buffer> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
  });
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

/** Comes back with a session; whether the server knew it. The connection works in either case. */
async function isResumed(port: number, session: Buffer, version: SecureVersion): Promise<boolean> {
  const { socket, received } = await rawTls(port, get('/time'), { session, minVersion: version, maxVersion: version });
  await until('it was answered', () => statuses(received())[0] === 200);
  const isReused = socket.isSessionReused();
  socket.destroy();
  return isReused;
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a session of one listener is resumed by another with the same keys, and by none with others`, async () => {
    const keys = newTicketKeys();
    const [first, sibling, stranger] = [await rigWith(keys), await rigWith(keys), await rigWith(newTicketKeys())];
    const ticket = await ticketOf(first.port, version);
    expect(await isResumed(first.port, ticket, version)).toBe(true);
    expect(await isResumed(sibling.port, ticket, version)).toBe(true);
    expect(await isResumed(stranger.port, ticket, version)).toBe(false);
  });

  test(`${version}: a session from before the certificate was renewed is resumed`, async () => {
    const rig = await secureRig();
    onTestFinished(rig.stop);
    const ticket = await ticketOf(rig.port, version);
    rig.front.setCertificate(await makeCertificate('renewed.example'));
    expect(await isResumed(rig.port, ticket, version)).toBe(true);
  });
}
