import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { StreamctlError } from '../../../src/base/errors.ts';
import type { AuthorizePublish } from '../../../src/ingest/publish-gate.ts';
import { defaultRtmpLimits, type RtmpLimits } from '../../../src/ingest/rtmp/limits.ts';
import { RtmpServer, type RtmpServerOptions } from '../../../src/ingest/rtmp/server.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { RecordedPublications } from './recorded-publication.ts';
import { SocketPublisher } from './socket-publisher.ts';

/** Names are keys and channels; those that begin with "wrong" are refused. */
const authorizePublish: AuthorizePublish = async ({ streamName }) =>
  streamName.startsWith('wrong')
    ? { allowed: false, error: new StreamctlError('ACCESS_KEY_UNKNOWN', {}) }
    : { allowed: true, grant: { channel: streamName.replace(/\+.*/, '') } };

const running: RtmpServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function startServer(
  limits: Partial<RtmpLimits> = {},
  tls?: RtmpServerOptions['tls'],
  trustedProxies?: readonly string[],
) {
  const publications = new RecordedPublications();
  const lines: string[] = [];
  const log = pino(
    { level: 'debug' },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  const server = new RtmpServer(
    {
      listen: { host: '127.0.0.1', port: 0 },
      limits: { ...defaultRtmpLimits, ...limits },
      ...(tls && { tls }),
      trustedProxies,
    },
    { clock: systemClock, log, authorizePublish, openPublication: publications.open },
  );
  await server.start(new AbortController().signal);
  running.push(server);
  return { server, publications, lines, port: server.addresses[0]!.port };
}

test('RTMP and RTMPS publishers are served by the same sessions', async () => {
  const { key, cert } = await makeCertificate();
  const { server, publications, port } = await startServer({}, { listen: { host: '127.0.0.1', port: 0 }, cert, key });
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  const tlsPort = server.addresses[1]!.port;
  expect(await new SocketPublisher(tlsPort, { isTls: true }).publish('two')).toBe('NetStream.Publish.Start');
  expect(publications.all.map(({ grant }) => grant.channel)).toEqual(['one', 'two']);
  expect(server.stats().sessions.map(({ isTls }) => isTls)).toEqual([false, true]);
});

test('a new certificate is for new connections; who publishes goes on', async () => {
  const listen = { host: '127.0.0.1', port: 0 };
  const { server, publications } = await startServer({}, { listen, ...(await makeCertificate()) });
  const port = server.addresses[1]!.port;
  const publisher = new SocketPublisher(port, { isTls: true });
  expect(await publisher.publish('one')).toBe('NetStream.Publish.Start');
  server.setCertificate(await makeCertificate('renewed.example'));
  const second = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(second, 'secureConnect');
  expect(second.getPeerCertificate().subject.CN).toBe('renewed.example');
  second.destroy();
  expect(await new SocketPublisher(port, { isTls: true }).publish('two')).toBe('NetStream.Publish.Start');
  publisher.command('FCUnpublish', 9, [null, 'one']);
  await until('the first is still heard', () => publications.all[0]?.ended !== undefined);
});

test('a TLS handshake that drips is ended, and one that has only begun does not hold up the stop', async () => {
  const tls = { listen: { host: '127.0.0.1', port: 0 }, ...(await makeCertificate()) };
  const { server } = await startServer({ handshakeMs: 1000 }, tls);
  const { port } = server.addresses[1]!;
  const [dripping] = await openSilent(port, 1);
  let isClosed = false;
  dripping?.on('close', () => {
    isClosed = true;
  });
  dripping?.resume();
  dripping?.write(Buffer.from('16030100a5010000a1030300', 'hex'));
  const drip = setInterval(() => dripping?.write(Buffer.from([1])), 50);
  await until('it was closed', () => isClosed, 5000).finally(() => clearInterval(drip));
  await openSilent(port, 1);
  const startedMs = performance.now();
  await server.stop();
  expect(performance.now() - startedMs).toBeLessThan(900);
});

test('a refused publisher gets its reason before the connection closes', async () => {
  const { port, server } = await startServer();
  const publisher = new SocketPublisher(port);
  expect(await publisher.publish('wrong')).toBe('NetStream.Publish.Unauthorized');
  await until('the connection is closed', () => publisher.isClosed);
  await until('it is forgotten', () => server.stats().connections === 0);
  expect(server.stats().refused).toEqual({ ACCESS_KEY_UNKNOWN: 1 });
});

test('stop tells every publisher, loses none of their broadcasts, and may be called twice', async () => {
  const { server, publications, port } = await startServer();
  const publisher = new SocketPublisher(port);
  await publisher.publish('one');
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  silent.on('error', () => {});
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  await until('the publisher is closed', () => publisher.isClosed);
  expect(publisher.codes.at(-1)).toBe('NetStream.Unpublish.Success');
  expect(publications.last.ended).toBe('lost');
});

test('a port that is taken makes the start fail, and leaves nothing open', async () => {
  const { port } = await startServer();
  const second = new RtmpServer(
    { listen: { host: '127.0.0.1', port }, limits: defaultRtmpLimits },
    {
      clock: systemClock,
      log: pino({ level: 'silent' }),
      authorizePublish,
      openPublication: new RecordedPublications().open,
    },
  );
  await expect(second.start(new AbortController().signal)).rejects.toThrow(/EADDRINUSE/);
});

test('the limit of publishers holds, and does not count the connection that is replaced', async () => {
  const { port } = await startServer({ maxPublishers: 2 });
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  expect(await new SocketPublisher(port).publish('two')).toBe('NetStream.Publish.Start');
  expect(await new SocketPublisher(port).publish('three')).toBe('NetStream.Publish.Failed');
  expect(await new SocketPublisher(port).publish('two')).toBe('NetStream.Publish.Start');
});

test('the limit of one address holds for other channels only', async () => {
  const { port } = await startServer({ maxPerIp: 1 });
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  expect(await new SocketPublisher(port).publish('two')).toBe('NetStream.Publish.BadName');
});

test('when too many only connect, the oldest of them makes room', async () => {
  const { port, server } = await startServer({ maxPending: 3 });
  const idle: SocketPublisher[] = [];
  for (let i = 0; i < 3; i++) {
    idle.push(new SocketPublisher(port));
    await until('it is connected', () => server.stats().connections === i + 1);
  }
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  await until('the oldest is closed', () => idle[0]!.isClosed);
  expect(idle.map(({ isClosed }) => isClosed)).toEqual([true, false, false]);
  expect(server.stats().refused).toEqual({ RTMP_CROWDED: 1 });
});

test('wrong keys are slowed down for an address, the right key is not', async () => {
  const { port } = await startServer();
  for (let i = 0; i < 6; i++) {
    const startedMs = performance.now();
    await new SocketPublisher(port).publish('wrong');
    if (i === 5) expect(performance.now() - startedMs).toBeGreaterThan(900);
  }
  const startedMs = performance.now();
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  expect(performance.now() - startedMs).toBeLessThan(900);
});

test('the stream name is in no log line, and a flood of refusals is one line a second', async () => {
  const { port, lines } = await startServer();
  const sinceMs = performance.now();
  await Promise.all(Array.from({ length: 30 }, (_, i) => new SocketPublisher(port).publish(`wrong-canary-${i}`)));
  await new SocketPublisher(port).publish('one+canary');
  expect(lines.join('')).not.toContain('canary');
  const refusals = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'publisher refused');
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals.length).toBeLessThanOrEqual(2 + (performance.now() - sinceMs) / 1000);
});

test('an address that tries hundreds of keys is turned away, and who publishes from there already is not disturbed', async () => {
  const { port, server, publications, lines } = await startServer({ idleMs: 60_000 });
  const good = new SocketPublisher(port);
  expect(await good.publish('one')).toBe('NetStream.Publish.Start');
  await Promise.all(Array.from({ length: 110 }, () => new SocketPublisher(port).publish('wrong')));
  const next = new SocketPublisher(port);
  await until('it is turned away', () => next.isClosed);
  expect(next.codes).toEqual([]);
  expect(good.isClosed).toBe(false);
  expect(publications.all).toHaveLength(1);
  const { refused } = server.stats();
  expect(refused.RTMP_WRONG_KEYS).toBeGreaterThan(0);
  expect(lines.join('')).toContain('connections turned away');
});

test('nobody is turned away behind a trusted proxy', async () => {
  const { port } = await startServer({}, undefined, ['127.0.0.0/8']);
  await Promise.all(Array.from({ length: 110 }, () => new SocketPublisher(port).publish('wrong')));
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
});

test('a peer that never reads its answers is cut off', async () => {
  const { port, server } = await startServer({ maxUnsentBytes: 16_384 });
  const publisher = new SocketPublisher(port);
  publisher.command('connect', 1, [{ app: 'live' }]);
  await until('it is connected', () => publisher.codes.length > 0);
  const startedMs = performance.now();
  publisher.socket.pause();
  await until('the server has closed it', () => {
    for (let i = 0; i < 5000; i++) publisher.command('_checkbw', 2, [null]);
    return server.stats().connections === 0;
  });
  expect(performance.now() - startedMs).toBeLessThan(defaultRtmpLimits.publishMs - 1000); // not for being slow
});

async function openSilent(port: number, count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    }),
  );
}

test('2,000 silent sockets are closed within ten seconds, while publishers get in', async () => {
  const { port, server } = await startServer();
  const sockets = await openSilent(port, 2000);
  const startedMs = performance.now();
  let open = sockets.length;
  for (const socket of sockets) socket.on('close', () => open--);
  for (const socket of sockets) socket.resume();
  expect(await new SocketPublisher(port).publish('one')).toBe('NetStream.Publish.Start');
  await until('all are closed', () => open === 0, 12_000);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  await until('only the publisher is left', () => server.stats().connections === 1);
});

/** Connections that have announced a message of `announcedBytes` on each of 60 chunk streams; how much memory that took. */
async function bombed(announcedBytes: number) {
  const { port, server } = await startServer();
  const publishers = Array.from({ length: 20 }, () => new SocketPublisher(port));
  for (const publisher of publishers) {
    publisher.command('connect', 1, [{ app: 'live' }]);
    await until('it is connected', () => publisher.codes.length > 0);
  }
  const before = process.memoryUsage();
  for (const publisher of publishers) publisher.socket.write(bombOf(60, announcedBytes));
  const allHaveArrived = () =>
    server.stats().sessions.every(({ bytesIn }) => bytesIn > 60 * 140) || publishers.every(({ isClosed }) => isClosed);
  await until('all has arrived', allHaveArrived);
  return { server, heldBytes: process.memoryUsage().arrayBuffers - before.arrayBuffers };
}

test('20 connections that announce 4 MB on 60 chunk streams each hold less than 20 MB', async () => {
  const { server, heldBytes } = await bombed((4 << 20) - 1);
  expect(server.stats().connections).toBe(20);
  expect(server.stats().heldBytes).toBeLessThan(20 << 20);
  expect(heldBytes).toBeLessThan(20 << 20);
});

test('20 connections that announce 16 MB on 60 chunk streams are refused before they hold anything', async () => {
  const { server, heldBytes } = await bombed(0xffffff);
  await until('all are closed', () => server.stats().connections === 0);
  expect(server.stats()).toMatchObject({ refused: { RTMP_MESSAGE_TOO_LARGE: 20 }, peakHeldBytes: 0 });
  expect(heldBytes).toBeLessThan(20 << 20);
});

/** The first chunk of a message of `announcedBytes` on each of so many chunk streams; ids from 64 on take a second byte. */
function bombOf(chunkStreams: number, announcedBytes: number): Buffer {
  const firstId = 40;
  return Buffer.concat(
    Array.from({ length: chunkStreams }, (_, i) => {
      const id = firstId + i;
      const basicHeader = Buffer.from(id < 64 ? [id] : [0, id - 64]);
      const header = Buffer.alloc(11);
      header.writeUIntBE(announcedBytes, 3, 3);
      header.writeUInt8(9, 6);
      return Buffer.concat([basicHeader, header, Buffer.alloc(128)]);
    }),
  );
}
