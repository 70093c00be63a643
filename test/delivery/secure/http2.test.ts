import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { run } from '../../support/child.ts';
import { until } from '../../support/until.ts';
import { playlist } from '../fast-lane/lane-rig.ts';
import { endStream, FrameClient, frameType, uint32 } from './frame-client.ts';
import { answerOf, ask, rawTls, type SecureRig, secureRig, session } from './secure-rig.ts';

const segment = '/hls/st1/source/segment-1.m4s';
const growing = '/dash/st1/source/segment-2.m4s';
const patient = { headMs: 30_000, idleMs: 30_000, lingerMs: 500 };
const budget = { stallMs: 1000, pendingBytes: 4 << 20 };

let rig: SecureRig;
afterEach(() => rig.stop());

test('every answer is that of node:http, without what belongs to a connection', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const paths = [
    playlist,
    segment,
    '/time',
    '/hls/none/index.m3u8',
    `${playlist}?_HLS_msn=99`,
    '/dash/st1/manifest.mpd',
  ];
  const wishes = [
    {},
    { range: 'bytes=1-3' },
    { 'accept-encoding': 'gzip' },
    { 'if-none-match': '*' },
    { range: 'bytes=x' },
  ];
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
      for (const wish of wishes) {
        const ours = await ask(viewer, path, { ':method': method, ...wish });
        const response = await fetchPlain(path, method, wish);
        const { connection, 'keep-alive': keepAlive, 'transfer-encoding': coding, ...theirs } = response.headers;
        expect([path, method, wish, ours.status, ours.rstCode]).toEqual([path, method, wish, response.status, 0]);
        expect({ ...ours.headers, date: '' }).toEqual({ ...theirs, date: '' });
        if (path !== '/time') expect(ours.body.equals(response.body)).toBe(true);
      }
    }
  }
  viewer.destroy();
});

/** Without the decompression of `fetch`. */
async function fetchPlain(path: string, method: string, headers: object) {
  const { request } = await import('node:http');
  const sent = request({ port: rig.plainPort, path, method, headers: { ...headers } });
  sent.end();
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

test('a tag that was given is good for 304, a part of a segment comes by its range, HEAD has the length and no body', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const whole = await ask(viewer, segment);
  const same = await ask(viewer, segment, { 'if-none-match': String(whole.headers.etag) });
  const part = await ask(viewer, segment, { range: 'bytes=10-19' });
  const head = await ask(viewer, segment, { ':method': 'HEAD' });
  expect([same.status, same.body.length]).toEqual([304, 0]);
  expect([part.status, part.body]).toEqual([206, whole.body.subarray(10, 20)]);
  expect([head.headers['content-length'], head.body.length]).toEqual([String(whole.body.length), 0]);
  viewer.destroy();
});

test('curl speaks HTTP/2 with us, and gets what it gets without', async () => {
  rig = await secureRig();
  const url = `https://127.0.0.1:${rig.port}${playlist}`;
  const write = ['-sk', '--compressed', '-w', '%{http_version} %{http_code}'];
  const second = await run('curl', [...write, '--http2', url]);
  const first = await run('curl', [...write, '--http1.1', url]);
  expect(second.stdout).toMatch(/#EXTM3U[\s\S]*2 200$/);
  expect(first.stdout).toBe(second.stdout.replace(/2 200$/, '1.1 200'));
});

test('200 requests that wait in one session are answered at once, with the same bytes', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const waiting = Array.from({ length: 200 }, () => ask(viewer, `${playlist}?_HLS_msn=2&_HLS_part=0`));
  await until('all are held', () => rig.delivery.stats().waiters === 200);
  rig.video.open();
  const fedMs = performance.now();
  rig.video.part();
  const answers = await Promise.all(waiting);
  expect(performance.now() - fedMs).toBeLessThan(500);
  expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
  expect(answers[0]?.body.toString()).toContain('segment-2.0.m4s');
  viewer.destroy();
});

test('answers overtake one that waits', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const held = ask(viewer, `${playlist}?_HLS_msn=2`);
  await until('it is held', () => rig.delivery.stats().waiters === 1);
  expect((await ask(viewer, '/time')).status).toBe(200);
  rig.video.segment();
  expect((await held).status).toBe(200);
  viewer.destroy();
});

test('a viewer that cancels a request frees what it waited for, and one that leaves frees all', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const streams = [2, 3, 2].map((msn) => viewer.request({ ':path': `${playlist}?_HLS_msn=${msn}` }));
  for (const stream of streams) stream.on('error', () => {});
  await until('three are held', () => rig.delivery.stats().waiters === 3);
  streams[0]?.close(8);
  await until('two are held', () => rig.delivery.stats().waiters === 2);
  viewer.destroy();
  await until('nobody waits', () => rig.delivery.stats().waiters === 0);
  await until('it is gone', () => rig.lane.stats().connections === 0);
  rig.video.segment();
});

test('a viewer that only closes its side of the connection has left too', async () => {
  rig = await secureRig();
  const client = await FrameClient.connect(rig.port);
  client.get(1, `${playlist}?_HLS_msn=2`);
  await until('it is held', () => rig.delivery.stats().waiters === 1);
  client.client.socket.end();
  await until('nobody waits', () => rig.delivery.stats().waiters === 0);
  await until('it is gone', () => rig.lane.stats().connections === 0);
});

test('a segment in the making comes chunk by chunk, at once', async () => {
  rig = await secureRig();
  rig.video.open();
  const first = rig.video.part({ partBytes: 70_000 });
  const viewer = await session(rig.port);
  const stream = viewer.request({ ':path': growing });
  const answer = answerOf(stream);
  let receivedBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    receivedBytes += chunk.length;
  });
  await until('the first chunk came', () => receivedBytes === first.bytes.length);
  const second = rig.video.part({ partBytes: 3000 });
  await until('the second chunk came', () => receivedBytes === first.bytes.length + second.bytes.length);
  rig.video.close();
  const { headers, body, rstCode } = await answer;
  expect([headers['content-length'], headers['transfer-encoding'], rstCode]).toEqual([undefined, undefined, 0]);
  expect(body.equals(Buffer.concat([first.bytes, second.bytes]))).toBe(true);
  viewer.destroy();
});

test.each([
  ['when all of it has been taken', 1000, false],
  ['in the turn of its last bytes', 1000, true],
  ['when the viewer has still bytes to take', 500_000, false],
  ['in the turn of its last bytes, when it has others to take', 500_000, true],
])('a broken off answer never ends in order, but with RST_STREAM: %s', async (_, partBytes, hasLastBytes) => {
  rig = await secureRig();
  rig.video.open();
  rig.video.part({ partBytes });
  const client = await FrameClient.connect(rig.port);
  client.get(1, growing);
  client.get(3, `${playlist}?_HLS_msn=9`);
  await until('the first bytes came', () => client.of(1, frameType.data).length > 0);
  if (hasLastBytes) rig.video.part({ partBytes });
  rig.delivery.removeStream('st1');
  await until('it was reset', () => client.of(1, frameType.resetStream).length > 0);
  const [reset] = client.of(1, frameType.resetStream);
  expect(reset?.payload.readUInt32BE(0)).not.toBe(0);
  const ends = client.of(1, frameType.data).filter(({ flags }) => (flags & endStream) !== 0);
  expect(ends).toEqual([]);
  expect(rig.delivery.stats().progressiveAborted).toBe(1);
  client.send(frameType.windowUpdate, 0, 0, uint32(1 << 20));
  client.get(5, '/time');
  await until('the session goes on', () => client.of(5, frameType.data).length > 0);
  client.client.socket.destroy();
});

test('node and curl take a broken off answer for broken', async () => {
  rig = await secureRig();
  rig.video.open();
  rig.video.part();
  const viewer = await session(rig.port);
  const stream = viewer.request({ ':path': growing });
  const answer = answerOf(stream);
  const curl = run('curl', ['-sk', '--http2', '-o', '/dev/null', `https://127.0.0.1:${rig.port}${growing}`]);
  await until('both follow', () => rig.front.stats().streams === 2 && rig.delivery.stats().bytesOut > 2000);
  rig.delivery.removeStream('st1');
  expect((await answer).rstCode).not.toBe(0);
  expect((await curl).code).not.toBe(0);
  viewer.destroy();
});

test('a large segment comes whole, a hundred times over one session', async () => {
  rig = await secureRig();
  rig.video.segment({ partBytes: 1 << 20 });
  const viewer = await session(rig.port);
  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      ask(viewer, '/hls/st1/source/segment-2.m4s').then(({ body, rstCode }) => [body.length, rstCode]),
    ),
  );
  const length = answers[0]?.[0] ?? 0;
  expect(length).toBeGreaterThan(4 << 20);
  expect(new Set(answers.map((answer) => answer.join(' ')))).toEqual(new Set([`${length} 0`]));
  viewer.destroy();
});

test.each([
  ['takes nothing of a large body', 1 << 20, '/hls/st1/source/segment-2.m4s'],
  ['takes nothing of a body of one piece', 100_000, '/hls/st1/source/segment-2.m4s'],
])('a viewer that %s is cut off, others are not disturbed', async (_, partBytes, path) => {
  rig = await secureRig({ budget, deadlines: patient });
  rig.video.segment({ partBytes });
  const slow = await FrameClient.connect(rig.port);
  slow.get(1, path);
  const fast = await session(rig.port);
  expect((await ask(fast, path)).rstCode).toBe(0);
  await until('it was cut off', () => slow.of(1, frameType.resetStream).length > 0 || slow.isClosed);
  expect(rig.delivery.stats().slowReadersDropped).toBe(1);
  await until('its session, which takes nothing else either, is gone', () => slow.isClosed);
  expect((await ask(fast, path)).rstCode).toBe(0);
  fast.destroy();
});

test('an answer that a player leaves lying is reset, and its session goes on', async () => {
  rig = await secureRig({ budget, deadlines: patient });
  rig.video.segment({ partBytes: 1 << 20 });
  const viewer = await session(rig.port);
  const left = viewer.request({ ':path': '/hls/st1/source/segment-2.m4s' });
  left.on('error', () => {});
  await once(left, 'response');
  await until('it is reset', async () => {
    expect((await ask(viewer, playlist)).status).toBe(200);
    return left.rstCode !== undefined && left.rstCode !== 0;
  });
  expect(rig.delivery.stats().slowReadersDropped).toBe(1);
  expect((await ask(viewer, playlist)).status).toBe(200);
  viewer.destroy();
});

test('a viewer that falls too far behind a growing segment is reset', async () => {
  rig = await secureRig({ budget: { stallMs: 30_000, pendingBytes: 1 << 20 } });
  rig.video.open();
  const slow = await FrameClient.connect(rig.port);
  rig.video.part({ partBytes: 300_000 });
  slow.get(1, growing);
  await until('it follows', () => slow.of(1, frameType.data).length > 0);
  for (let i = 0; i < 8; i++) rig.video.part({ partBytes: 300_000 });
  await until('it was reset', () => slow.of(1, frameType.resetStream).length > 0);
  expect(slow.of(1, frameType.data).some(({ flags }) => (flags & endStream) !== 0)).toBe(false);
  expect(rig.delivery.stats().slowReadersDropped).toBe(1);
  slow.client.socket.destroy();
});

test('pages and bodies go to the full listener', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const page = await ask(viewer, '/watch/show?x=1');
  expect([page.status, page.body.toString()]).toEqual([200, 'page GET /watch/show?x=1 ']);
  const body = 'x'.repeat(300_000);
  const posted = await ask(viewer, '/api', { ':method': 'POST' }, body);
  expect(posted.body.toString()).toBe(`page POST /api ${body}`);
  viewer.destroy();
});

test('a body that is sent to playback is refused with its method', async () => {
  rig = await secureRig();
  const viewer = await session(rig.port);
  const posted = await ask(viewer, playlist, { ':method': 'POST' }, 'x'.repeat(300_000));
  expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  expect((await ask(viewer, '/time')).status).toBe(200);
  viewer.destroy();
});

test('an idle session is told goodbye, one that waits is kept', async () => {
  rig = await secureRig({ deadlines: { headMs: 1000, idleMs: 1000, lingerMs: 500 } });
  const idle = await session(rig.port);
  const waiting = await session(rig.port);
  const held = ask(waiting, `${playlist}?_HLS_msn=2`);
  const goodbye = once(idle, 'goaway');
  await ask(idle, '/time');
  expect((await goodbye)[0]).toBe(0);
  await until('it is closed', () => idle.destroyed);
  expect(waiting.destroyed).toBe(false);
  rig.video.segment();
  expect((await held).status).toBe(200);
  waiting.destroy();
});

test('who has agreed on HTTP/2 and says nothing is closed, and so is who does not close its side', async () => {
  rig = await secureRig({ deadlines: { headMs: 1000, idleMs: 1000, lingerMs: 500 } });
  const silent = await rawTls(rig.port, '', { ALPNProtocols: ['h2'] });
  const stubborn = await FrameClient.connect(rig.port);
  stubborn.client.socket.allowHalfOpen = true;
  await until('both are gone', () => rig.lane.stats().connections === 0);
  expect(stubborn.goAwayCode).toBe(0);
  silent.socket.destroy();
  stubborn.client.socket.destroy();
});
