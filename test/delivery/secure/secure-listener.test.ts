import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { get, playlist, raw, statuses } from '../fast-lane/lane-rig.ts';
import { ask, rawTls, type SecureRig, secureRig, session } from './secure-rig.ts';

const patient = { headMs: 30_000, idleMs: 30_000, lingerMs: 500 };

let rig: SecureRig;
afterEach(() => rig.stop());

test('a viewer gets the protocol it asks for, HTTP/1.1 without a word, and nothing where there is none in common', async () => {
  rig = await secureRig();
  const both = await rawTls(rig.port, '', { ALPNProtocols: ['http/1.1', 'h2'] });
  expect(both.socket.alpnProtocol).toBe('h2');
  for (const ALPNProtocols of [['http/1.1'], undefined]) {
    const { socket, received } = await rawTls(rig.port, get('/time'), { ...(ALPNProtocols && { ALPNProtocols }) });
    await until('it was answered', () => statuses(received())[0] === 200);
    socket.destroy();
  }
  await expect(rawTls(rig.port, '', { ALPNProtocols: ['spdy/3'] })).rejects.toThrow(/no application protocol/i);
  await until('the failure was counted', () => rig.front.stats().handshakeFailures === 1);
  both.socket.destroy();
});

test('TLS 1.1 is refused, 1.2 and 1.3 are spoken', async () => {
  rig = await secureRig();
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { socket } = await rawTls(rig.port, '', { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  }
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await expect(rawTls(rig.port, '', old)).rejects.toThrow();
});

test('pipelined requests are answered by the fast lane in order, an odd one and what follows by the full server', async () => {
  rig = await secureRig();
  const post = 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
  const { socket, received } = await rawTls(
    rig.port,
    get('/time') + get(playlist) + post + get('/hls/none/index.m3u8'),
  );
  await until('all came', () => statuses(received()).length === 4);
  expect(statuses(received())).toEqual([200, 200, 200, 404]);
  expect(received()).toContain('page POST /api hello');
  expect(rig.lane.stats()).toMatchObject({ connections: 1, handedOver: 1 });
  socket.destroy();
  await until('it is gone', () => rig.lane.stats().connections === 0);
});

test('a body that comes behind its head byte by byte reaches the full server', async () => {
  rig = await secureRig();
  const { socket, received } = await rawTls(rig.port);
  for (const byte of 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello') {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('it came', () => received().includes('page POST /api hello'));
  socket.destroy();
});

test('an upgrade reaches the full server over TLS', async () => {
  rig = await secureRig();
  rig.full.on('upgrade', (request, socket, first) => {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url} ${first.toString()}`);
    socket.pipe(socket);
  });
  const head = 'GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const { socket, received } = await rawTls(rig.port, `${head}frame`);
  await until('it was accepted', () => received().includes('/api/events frame'));
  socket.write('more');
  await until('both ways are open', () => received().endsWith('more'));
  socket.destroy();
});

test('large bodies come whole over HTTP/1.1, and a viewer that says all and closes its side is still answered', async () => {
  rig = await secureRig();
  rig.video.segment({ partBytes: 2 << 20 });
  const { socket, received, isClosed } = await rawTls(rig.port, get('/hls/st1/source/segment-2.m4s'), {
    allowHalfOpen: true,
  } as object);
  socket.end();
  await until('all came', isClosed);
  const length = Number(/Content-Length: (\d+)/.exec(received())?.[1]);
  expect(length).toBeGreaterThan(8 << 20);
  expect(received().length - received().indexOf('\r\n\r\n') - 4).toBe(length);
});

test('a reader over HTTP/1.1 that takes nothing is cut off, others are not disturbed', async () => {
  rig = await secureRig({ budget: { stallMs: 1000, pendingBytes: 4 << 20 }, deadlines: patient });
  rig.video.segment({ partBytes: 8 << 20 });
  const path = '/hls/st1/source/segment-2.m4s';
  const slow = await rawTls(rig.port);
  slow.socket.pause();
  slow.socket.write(get(path));
  const fast = await rawTls(rig.port, get(path, 'Connection: close\r\n'));
  await until('the other has all', () => fast.received().length > 32 << 20);
  await until('it was cut off', () => rig.delivery.stats().slowReadersDropped === 1);
  await until('both are gone', () => rig.lane.stats().connections === 0);
});

test('a handshake that does not begin, or drips, is ended; others get in', async () => {
  rig = await secureRig({}, { handshakeMs: 1000 });
  const silent = await raw(rig.port);
  const dripping = await raw(rig.port, Buffer.from('16030100a5010000a1030300', 'hex'));
  const drip = setInterval(() => dripping.socket.write(Buffer.from([1])), 50);
  const startedMs = performance.now();
  await until('both are counted', () => rig.front.stats().handshaking === 2);
  const { socket, received } = await rawTls(rig.port, get('/time'));
  await until('another is answered', () => statuses(received())[0] === 200);
  await until('both are closed', () => silent.isClosed() && dripping.isClosed());
  clearInterval(drip);
  expect(performance.now() - startedMs).toBeLessThan(4000);
  expect(rig.front.stats()).toMatchObject({ handshaking: 0 });
  expect(rig.lane.stats().connections).toBe(1);
  socket.destroy();
});

test('what is no TLS is closed', async () => {
  rig = await secureRig();
  const { isClosed, received } = await raw(rig.port, get('/time'));
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([]);
  expect(rig.front.stats().handshakeFailures).toBe(1);
});

test('at the limit new viewers are told to come back over either protocol, and old ones keep playing', async () => {
  rig = await secureRig({ maxConnections: 2, deadlines: patient });
  const first = await rawTls(rig.port, get('/time'));
  const second = await session(rig.port);
  await until('the first plays', () => statuses(first.received())[0] === 200);
  expect((await ask(second, playlist)).status).toBe(200);
  const third = await rawTls(rig.port, get('/time'));
  await until('the third is refused', () => statuses(third.received())[0] === 503);
  await until('and closed', third.isClosed);
  const fourth = await session(rig.port);
  const goodbye = once(fourth, 'goaway');
  const refused = await ask(fourth, playlist);
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(refused.body.toString()).toContain('DELIVERY_CONNECTIONS_EXHAUSTED');
  await goodbye;
  await until('it is closed', () => fourth.destroyed);
  first.socket.write(get(playlist));
  await until('the first goes on', () => statuses(first.received()).length === 2);
  expect((await ask(second, '/time')).status).toBe(200);
  await until('two are left', () => rig.lane.stats().connections === 2);
  expect(rig.lane.stats().refused).toBe(2);
  first.socket.destroy();
  second.destroy();
});

test('one address gets no more connections than its cap, handshakes counted in the order they came', async () => {
  rig = await secureRig({ maxPerIp: 2, deadlines: patient });
  const viewers = [await rawTls(rig.port, get('/time')), await rawTls(rig.port, get('/time'))];
  const third = await rawTls(rig.port, get('/time'));
  await until('the third is refused', () => statuses(third.received())[0] === 503);
  await until('two play', () => viewers.every(({ received }) => statuses(received())[0] === 200));
  for (const { socket } of viewers) socket.destroy();
});

test('over TLS too, a trusted proxy may have more connections than the cap for one address', async () => {
  rig = await secureRig({ maxPerIp: 1, trustedProxies: ['127.0.0.1'], deadlines: patient });
  const first = await rawTls(rig.port, get('/time'));
  const second = await session(rig.port);
  await until('the first plays', () => statuses(first.received())[0] === 200);
  expect((await ask(second, playlist)).status).toBe(200);
  first.socket.destroy();
  second.destroy();
});

test('new connections get the new certificate, those that are open go on with the old one', async () => {
  rig = await secureRig();
  const old = await rawTls(rig.port, get('/time'));
  const oldSession = await session(rig.port);
  const waiting = ask(oldSession, `${playlist}?_HLS_msn=2`);
  await until('one waits', () => rig.delivery.stats().waiters === 1);
  const half = connect(rig.port, '127.0.0.1');
  await until('a handshake has begun', () => rig.front.stats().handshaking === 1);
  rig.front.setCertificate(await makeCertificate('renewed.example'));
  const fresh = await rawTls(rig.port, get('/time'));
  expect(fresh.socket.getPeerCertificate().subject.CN).toBe('renewed.example');
  const begun = connectTls({ socket: half, rejectUnauthorized: false });
  await once(begun, 'secureConnect');
  old.socket.write(get(playlist));
  await until('the old one goes on', () => statuses(old.received()).length === 2);
  rig.video.segment();
  expect((await waiting).status).toBe(200);
  expect((await ask(oldSession, '/time')).status).toBe(200);
  for (const { socket } of [old, fresh]) socket.destroy();
  begun.destroy();
  oldSession.destroy();
});

test('a pair that does not belong together is refused, and the old certificate stays', async () => {
  rig = await secureRig();
  const other = await makeCertificate('other.example');
  expect(() => rig.front.setCertificate({ cert: other.cert, key: rig.certificate.key })).toThrow();
  const { socket } = await rawTls(rig.port);
  expect(socket.getPeerCertificate().subject.CN).toBe('localhost');
  socket.destroy();
});

test('stopping says goodbye, ends idle connections at once, and lets answers under way finish', async () => {
  rig = await secureRig({ deadlines: patient });
  const idle = await rawTls(rig.port, get('/time'));
  const idleSession = await session(rig.port);
  const handshaking = await raw(rig.port);
  await ask(idleSession, '/time');
  const waiting = await session(rig.port);
  const goodbye = once(waiting, 'goaway');
  const answer = ask(waiting, `${playlist}?_HLS_msn=2`);
  await until('one waits', () => rig.delivery.stats().waiters === 1);
  const stopped = rig.lane.stop();
  const [code] = await goodbye;
  expect(code).toBe(0);
  await until('the idle are closed', () => idle.isClosed() && idleSession.destroyed && handshaking.isClosed());
  rig.video.segment();
  expect((await answer).status).toBe(200);
  await stopped;
  await until('none is left', () => rig.front.stats().sessions === 0);
  expect(rig.front.stats()).toMatchObject({ handshaking: 0, streams: 0 });
});

test('an answer that does not come in time does not hold up the stop', async () => {
  rig = await secureRig({ deadlines: patient });
  const waiting = await session(rig.port);
  const answer = ask(waiting, `${playlist}?_HLS_msn=2`);
  await until('one waits', () => rig.delivery.stats().waiters === 1);
  const startedMs = performance.now();
  await rig.lane.stop();
  expect(performance.now() - startedMs).toBeLessThan(5000);
  expect((await answer).status).toBe(0);
  await until('nobody waits', () => rig.delivery.stats().waiters === 0);
});
