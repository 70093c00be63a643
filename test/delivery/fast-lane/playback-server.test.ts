import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connectionsWithin } from '../../../src/delivery/fast-lane/connection-limit.ts';
import { viewerServerOptions } from '../../../src/delivery/http-server.ts';
import { until } from '../../support/until.ts';
import { get, type LaneRig, laneRig, playlist, raw, statuses } from './lane-rig.ts';

const segment = '/hls/st1/source/segment-1.m4s';
const budget = { stallMs: 1000, pendingBytes: 4 << 20 };
const deadlines = { headMs: 1000, idleMs: 1000, lingerMs: 500 };
const patient = { headMs: 30_000, idleMs: 30_000, lingerMs: 500 };

let rig: LaneRig;
afterEach(() => rig.stop());

/** Splits what came into answers by their lengths. */
function answersOf(received: string): { head: string; body: string }[] {
  const answers: { head: string; body: string }[] = [];
  for (let at = 0; at < received.length; ) {
    const headEnd = received.indexOf('\r\n\r\n', at) + 4;
    const head = received.slice(at, headEnd);
    const length = Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0);
    answers.push({ head, body: received.slice(headEnd, headEnd + length) });
    at = headEnd + length;
  }
  return answers;
}

test('the head and the body are those of node:http', async () => {
  rig = await laneRig();
  const paths = [playlist, segment, '/time', '/hls/none/index.m3u8', '/dash/st1/manifest.mpd', '/watch/x'];
  for (const path of paths) {
    for (const headers of [{}, { Range: 'bytes=1-3' }, { 'Accept-Encoding': 'gzip' }, { 'If-None-Match': '*' }]) {
      const [ours, theirs] = await Promise.all(
        [rig.port, rig.plainPort].map(async (port) => {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: headers as HeadersInit });
          const { date, ...rest } = Object.fromEntries(answer.headers);
          expect(Math.abs(Date.now() - Date.parse(date ?? ''))).toBeLessThan(3000);
          const body = path === '/time' ? '' : await answer.text();
          return { status: answer.status, headers: rest, body };
        }),
      );
      expect(ours).toEqual(theirs);
    }
  }
});

test('a request that arrives byte by byte is answered once', async () => {
  rig = await laneRig();
  const { socket, received } = await raw(rig.port);
  socket.setNoDelay(true);
  for (const byte of get(playlist, 'Accept: */*\r\n')) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('an answer came', () => received().includes('segment-1.m4s'));
  expect(statuses(received())).toEqual([200]);
  expect(rig.lane.stats().handedOver).toBe(0);
  socket.destroy();
});

test('a burst of pipelined requests is answered in order', async () => {
  rig = await laneRig();
  const requests = Array.from({ length: 500 }, (_, i) => get(`/hls/none${i}/index.m3u8`));
  const { socket, received } = await raw(rig.port, requests.join('') + get('/time'));
  await until('all came', () => received().endsWith('Z'));
  const answers = answersOf(received());
  expect(answers.length).toBe(501);
  answers.slice(0, -1).forEach(({ body }, i) => {
    expect(body).toContain(`none${i}`);
  });
  socket.destroy();
});

test('pipelined large bodies come whole and in order, also to a reader that rests', async () => {
  rig = await laneRig();
  rig.video.segment({ partBytes: 1 << 20 });
  const large = '/hls/st1/source/segment-2.m4s';
  const expected = await (await fetch(`http://127.0.0.1:${rig.plainPort}${large}`)).arrayBuffer();
  const socket = connect(rig.port, '127.0.0.1');
  socket.write(get(large).repeat(8) + get('/time'));
  await once(socket, 'readable');
  socket.pause();
  await until('the server is blocked', () => rig.delivery.stats().bytesOut > expected.byteLength);
  // More than is read ahead.
  socket.write(get('/time').repeat(4000));
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    receivedBytes += chunk.length;
  });
  socket.resume();
  await until('all came', () => receivedBytes > 8 * expected.byteLength && rig.delivery.requestsTotal() === 4010);
  await until('the last came', () => chunks.at(-1)?.toString('latin1').endsWith('Z'));
  const answers = answersOf(Buffer.concat(chunks).toString('latin1'));
  const text = Buffer.from(expected).toString('latin1');
  expect(answers.map(({ body }) => body === text)).toEqual([
    ...Array<boolean>(8).fill(true),
    ...Array<boolean>(4001).fill(false),
  ]);
  socket.destroy();
});

test('a held request holds back those behind it, and all are answered in order', async () => {
  rig = await laneRig();
  const { socket, received } = await raw(rig.port, get(`${playlist}?_HLS_msn=2`) + get('/time') + get(segment));
  await until('the first is held', () => rig.delivery.stats().waiters === 1);
  expect(received()).toBe('');
  rig.video.segment();
  await until('all came', () => statuses(received()).length === 3);
  expect(received().indexOf('#EXTM3U')).toBeLessThan(received().indexOf('text/plain'));
  socket.destroy();
});

test('a viewer that leaves, by closing or by vanishing, frees what it waited for', async () => {
  rig = await laneRig();
  const closes = await raw(rig.port, get(`${playlist}?_HLS_msn=2`));
  const resets = await raw(rig.port, get(`${playlist}?_HLS_msn=2`));
  const halfCloses = await raw(rig.port, get(`${playlist}?_HLS_msn=2`));
  await until('three wait', () => rig.delivery.stats().waiters === 3);
  closes.socket.destroy();
  resets.socket.resetAndDestroy();
  halfCloses.socket.end();
  // Long before they would be told that nothing came.
  await until('nobody waits', () => rig.delivery.stats().waiters === 0, 3000);
  await until('no connection is left', () => rig.lane.stats().connections === 0);
});

test('a connection that piles up requests behind a held one is cut', async () => {
  rig = await laneRig();
  const { socket, isClosed } = await raw(rig.port, get(`${playlist}?_HLS_msn=2`));
  await until('it waits', () => rig.delivery.stats().waiters === 1);
  socket.write(get('/time').repeat(4000));
  await until('it was cut', isClosed);
  await until('nobody waits', () => rig.delivery.stats().waiters === 0);
});

test('a viewer that closes its side after asking still gets its answer', async () => {
  rig = await laneRig();
  const { socket, received, isClosed } = await raw(rig.port);
  socket.end(get(segment) + get('/time'));
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([200, 200]);
});

test('Connection: close is answered in kind', async () => {
  rig = await laneRig();
  const { received, isClosed } = await raw(rig.port, get('/time', 'Connection: close\r\n'));
  await until('it was closed', isClosed);
  expect(received()).toContain('\r\nConnection: close\r\n');
});

test('a segment in the making comes chunk by chunk, and the connection goes on', async () => {
  rig = await laneRig();
  rig.video.open();
  const first = rig.video.part({ partBytes: 70_000 });
  const { socket, received } = await raw(rig.port, get('/dash/st1/source/segment-2.m4s') + get('/time'));
  await until('the first chunk came', () => received().length > first.bytes.length);
  const second = rig.video.part({ partBytes: 3000 });
  rig.video.close();
  await until('both answers came', () => received().endsWith('Z'));
  const whole = [first, second].map(({ bytes }) => {
    const text = Buffer.from(bytes).toString('latin1');
    return `${bytes.length.toString(16)}\r\n${text}\r\n`;
  });
  expect(received()).toContain(`Transfer-Encoding: chunked\r\n`);
  expect(received()).toContain(`\r\n\r\n${whole.join('')}0\r\n\r\nHTTP/1.1 200 OK`);
  socket.destroy();
});

test('a broken off answer ends with the connection and without the final chunk', async () => {
  rig = await laneRig();
  rig.video.open();
  rig.video.part();
  const { received, isClosed } = await raw(rig.port, get('/dash/st1/source/segment-2.m4s'));
  await until('the first chunk came', () => received().includes('moof'));
  rig.delivery.removeStream('st1');
  await until('the connection is gone', isClosed);
  expect(received().endsWith('0\r\n\r\n')).toBe(false);
  expect(rig.delivery.stats().progressiveAborted).toBe(1);
});

test('a viewer that leaves a growing answer is not served any more', async () => {
  rig = await laneRig();
  rig.video.open();
  rig.video.part();
  const { socket, received } = await raw(rig.port, get('/dash/st1/source/segment-2.m4s'));
  await until('the first chunk came', () => received().includes('moof'));
  socket.destroy();
  await until('the server knows', () => rig.lane.stats().connections === 0);
  const before = rig.delivery.stats().bytesOut;
  rig.video.part();
  expect(rig.delivery.stats().bytesOut).toBe(before);
});

test('a reader that takes nothing of a body is cut off, others are not disturbed', async () => {
  rig = await laneRig({ budget, deadlines: patient });
  rig.video.segment({ partBytes: 8 << 20 });
  const slow = connect(rig.port, '127.0.0.1');
  slow.on('error', () => {});
  slow.pause();
  slow.write(get('/hls/st1/source/segment-2.m4s'));
  const fast = await fetch(`http://127.0.0.1:${rig.port}/hls/st1/source/segment-2.m4s`);
  expect((await fast.arrayBuffer()).byteLength).toBeGreaterThan(32 << 20);
  await until('the slow reader is cut off', () => rig.delivery.stats().slowReadersDropped === 1);
  await until('its connection is gone', () => rig.lane.stats().connections <= 1);
  slow.destroy();
});

test('a reader that falls too far behind a body that grows is cut off', async () => {
  rig = await laneRig({ budget: { stallMs: 60_000, pendingBytes: 4 << 20 } });
  rig.video.open();
  rig.video.part();
  const slow = connect(rig.port, '127.0.0.1');
  slow.on('error', () => {});
  slow.pause();
  slow.write(get('/dash/st1/source/segment-2.m4s'));
  await until('it is served', () => rig.delivery.stats().bytesOut > 0);
  for (let count = 0; count < 8; count++) {
    rig.video.part({ partBytes: 4 << 20 });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('the slow reader is cut off', () => rig.delivery.stats().slowReadersDropped === 1);
  slow.destroy();
});

test('a head that does not come to its end gets 408, however it drips', async () => {
  rig = await laneRig({ deadlines });
  const { socket, received, isClosed } = await raw(rig.port, 'GET /hls/st1/index.m3u8 HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => socket.write('A: b\r\n'), 50);
  await until('it was answered', () => received().includes('408'));
  clearInterval(drip);
  await until('it was closed', () => {
    socket.end();
    return isClosed();
  });
  expect(statuses(received())).toEqual([408]);
});

test('a head that begins after an answer has its own deadline', async () => {
  rig = await laneRig({ deadlines: { headMs: 1000, idleMs: 60_000, lingerMs: 500 } });
  const { received, isClosed } = await raw(rig.port, `${get('/time')}GET /ti`);
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([200, 408]);
});

test('an idle connection is closed without a word', async () => {
  rig = await laneRig({ deadlines });
  const fresh = await raw(rig.port);
  const used = await raw(rig.port, get('/time'));
  await until('both were closed', () => fresh.isClosed() && used.isClosed());
  expect([fresh.received(), statuses(used.received())]).toEqual(['', [200]]);
});

test('who does not close its side after we have closed ours is cut', async () => {
  rig = await laneRig({ deadlines });
  const stubborn = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  stubborn.on('error', () => {});
  stubborn.resume();
  stubborn.write(get('/time', 'Connection: close\r\n'));
  await once(stubborn, 'end');
  await until('the server let go', () => rig.lane.stats().connections === 0);
  stubborn.destroy();
});

test('slow headers get their 408 from the full server too, though it never listened itself', async () => {
  const server = { ...viewerServerOptions, headersTimeout: 500, connectionsCheckingInterval: 100 };
  rig = await laneRig({ deadlines: patient }, { server });
  const handed = await raw(rig.port, 'GET /watch/show HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => handed.socket.write('A: b\r\n'), 50);
  await until('it was closed', handed.isClosed);
  clearInterval(drip);
  expect(statuses(handed.received())).toEqual([408]);
  expect(rig.lane.stats()).toMatchObject({ handedOver: 1, connections: 0 });
});

test('a slow body is ended by the full server too', async () => {
  const times = { headersTimeout: 400, requestTimeout: 500, connectionsCheckingInterval: 100 };
  rig = await laneRig({ deadlines: patient }, { server: { ...viewerServerOptions, ...times } });
  const head = 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n';
  const { socket, received, isClosed } = await raw(rig.port, head);
  const drip = setInterval(() => socket.write('x'), 50);
  await until('it was closed', isClosed);
  clearInterval(drip);
  expect(statuses(received())).toEqual([408]);
});

test('an idle connection that was handed over is closed by the full server', async () => {
  rig = await laneRig({ deadlines: patient }, { server: { ...viewerServerOptions, keepAliveTimeout: 200 } });
  const { received, isClosed } = await raw(rig.port, get('/watch/show'));
  await until('it was closed', isClosed);
  expect(statuses(received())).toEqual([200]);
});

test('pages, bodies and what was pipelined behind are handed over with all their bytes', async () => {
  rig = await laneRig();
  const body = 'x'.repeat(300_000);
  const post = `POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const { socket, received } = await raw(rig.port, get('/time') + get('/watch/a') + post + get(playlist));
  await until('all came', () => received().includes('#EXTM3U'));
  expect(statuses(received())).toEqual([200, 200, 200, 200]);
  expect(received()).toContain('page GET /watch/a ');
  expect(received()).toContain(`page POST /api ${body}`);
  expect(rig.lane.stats().handedOver).toBe(1);
  socket.destroy();
});

test('a body that follows later reaches the full server, cut anywhere', async () => {
  rig = await laneRig();
  const { socket, received } = await raw(rig.port);
  socket.setNoDelay(true);
  for (const byte of 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello') {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until('it came', () => received().includes('page POST /api hello'));
  socket.destroy();
});

test('what is not for us waits until a large answer before it has gone', async () => {
  rig = await laneRig();
  rig.video.segment({ partBytes: 4 << 20 });
  const { socket, received } = await raw(rig.port, get('/hls/st1/source/segment-2.m4s') + get('/watch/late'));
  await until('both came', () => received().endsWith('page GET /watch/late '));
  expect(answersOf(received()).map(({ body }) => body.length > 0)).toEqual([true, true]);
  socket.destroy();
});

test('an upgrade reaches the full server with the bytes behind it', async () => {
  rig = await laneRig();
  const upgraded = new Promise<string>((resolve) => {
    rig.full.on('upgrade', (request, socket, first) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      resolve(`${request.url} ${first.toString()}`);
      socket.pipe(socket);
    });
  });
  const head = 'GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const { socket, received } = await raw(rig.port, `${head}frame`);
  expect(await upgraded).toBe('/api/events frame');
  await until('it was accepted', () => received().includes('101'));
  socket.write('more');
  await until('the other way is open', () => received().endsWith('more'));
  socket.destroy();
});

test('at the limit new viewers are told to come back, and old ones keep playing', async () => {
  rig = await laneRig({ maxConnections: 2, deadlines: patient });
  const viewers = [await raw(rig.port, get('/time')), await raw(rig.port, get('/watch/a'))];
  await until('both play', () => viewers.every(({ received }) => statuses(received()).length === 1));
  const late = await raw(rig.port, get('/time'));
  await until('it was told', () => late.received().includes('DELIVERY_CONNECTIONS_EXHAUSTED'));
  expect(late.received()).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: \d+\r\n/);
  await until('it was closed', late.isClosed);
  for (const { socket } of viewers) socket.write(get(playlist));
  await until('both go on', () => viewers.every(({ received }) => statuses(received()).length === 2));
  expect(rig.lane.stats()).toMatchObject({ connections: 2, refused: 1 });
  viewers[0]!.socket.destroy();
  await until('there is room', () => rig.lane.stats().connections === 1);
  const next = await raw(rig.port, get('/time'));
  await until('it plays', () => statuses(next.received())[0] === 200);
  for (const { socket } of [...viewers, next]) socket.destroy();
});

test('one address gets no more connections than its cap', async () => {
  rig = await laneRig({ maxPerIp: 2, deadlines: patient });
  const viewers = [await raw(rig.port, get('/time')), await raw(rig.port, get('/time'))];
  const third = await raw(rig.port, get('/time'));
  await until('the third is refused', () => statuses(third.received())[0] === 503);
  await until('it was closed', third.isClosed);
  for (const { socket } of viewers) socket.destroy();
  await until('they are gone', () => rig.lane.stats().connections === 0);
  const again = await raw(rig.port, get('/time'));
  await until('there is room', () => statuses(again.received())[0] === 200);
  again.socket.destroy();
});

test('a trusted proxy may have more connections than the cap for one address, and they count in all', async () => {
  rig = await laneRig({
    maxPerIp: 2,
    trustedProxies: ['192.0.2.1', '127.0.0.0/8'],
    maxConnections: 4,
    deadlines: patient,
  });
  const viewers = await Promise.all(Array.from({ length: 4 }, () => raw(rig.port, get('/time'))));
  await until('all four play', () => viewers.every(({ received }) => statuses(received())[0] === 200));
  const fifth = await raw(rig.port, get('/time'));
  await until('the fifth is refused', () => statuses(fifth.received())[0] === 503);
  for (const { socket } of [...viewers, fifth]) socket.destroy();
});

test('an address beside the trusted proxies is held to its cap', async () => {
  rig = await laneRig({ maxPerIp: 1, trustedProxies: ['127.0.0.2', '::1', '10.0.0.0/8'], deadlines: patient });
  const first = await raw(rig.port, get('/time'));
  await until('the first plays', () => statuses(first.received())[0] === 200);
  const second = await raw(rig.port, get('/time'));
  await until('the second is refused', () => statuses(second.received())[0] === 503);
  for (const { socket } of [first, second]) socket.destroy();
});

test('stopping ends idle connections at once and lets an answer under way finish', async () => {
  rig = await laneRig({ deadlines: patient });
  const idle = await raw(rig.port, get('/time'));
  const waiting = await raw(rig.port, get(`${playlist}?_HLS_msn=2`));
  await until('one waits', () => rig.delivery.stats().waiters === 1);
  const stopped = rig.lane.stop();
  await until('the idle one was closed', idle.isClosed);
  rig.video.segment();
  await stopped;
  await until('the other got its answer', waiting.isClosed);
  expect(statuses(waiting.received())).toEqual([200]);
});

test('a thousand waiting viewers are answered at once', async () => {
  rig = await laneRig();
  const viewers = await Promise.all(
    Array.from({ length: 1000 }, () => raw(rig.port, get(`${playlist}?_HLS_msn=2&_HLS_part=0`))),
  );
  await until('all are held', () => rig.delivery.stats().waiters === 1000);
  rig.video.open();
  rig.video.part();
  await until('all are answered', () => viewers.every(({ received }) => received().includes('segment-2.1.m4s')));
  for (const { socket } of viewers) socket.destroy();
  await until('all are gone', () => rig.lane.stats().connections === 0);
});

test('who has connected and not asked yet when the server stops is still answered; who is idle, or never asks, is not waited for', async () => {
  rig = await laneRig({ deadlines: patient });
  const [fresh, half, idle, silent] = await Promise.all([
    raw(rig.port),
    raw(rig.port, 'GET /ti'),
    raw(rig.port, get('/time')),
    raw(rig.port),
  ]);
  await until('all are there', () => rig.lane.stats().connections === 4 && statuses(idle.received()).length === 1);
  const stopped = rig.lane.stop();
  fresh.socket.write(get('/time'));
  half.socket.write('me HTTP/1.1\r\nHost: x\r\n\r\n');
  await stopped;
  for (const { received } of [fresh, half]) {
    expect(statuses(received())).toEqual([200]);
    expect(received()).toMatch(/\r\nConnection: close\r\n/i);
  }
  expect(statuses(idle.received())).toEqual([200]);
  await until('nobody is left', () => [fresh, half, idle, silent].every(({ isClosed }) => isClosed()));
});

test('the open-file limit leaves room for the rest of the server', () => {
  const limits = (files: string) => `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${files} files \n`;
  expect(connectionsWithin(limits('20000                20000'))).toBe(18_000);
  expect(connectionsWithin(limits('1024                 4096'))).toBe(921);
  expect(connectionsWithin(limits('64                   64'))).toBe(1);
  expect(connectionsWithin(limits('unlimited            unlimited'))).toBe(900_000);
});
