import { request as httpRequest } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { TrustedProxies } from '../../../src/base/client-address.ts';
import { type ViewerEvent, ViewerEventReader } from '../../../src/delivery/viewer-events/event-reader.ts';
import { ViewerEventWriter } from '../../../src/delivery/viewer-events/event-writer.ts';
import { until } from '../../support/until.ts';
import { get, type LaneRig, laneRig, playlist, raw, statuses } from '../fast-lane/lane-rig.ts';
import { ask, secureRig, session } from '../secure/secure-rig.ts';

const segment = '/hls/st1/source/segment-1.m4s';
const cmcd = encodeURIComponent('bl=(900;v 64;a),sid="abc",ot=v,v=2');
let rig: LaneRig;
afterEach(() => rig.stop());

/** All that delivery tells of its viewers. */
function observe({ delivery }: LaneRig): () => ViewerEvent[] {
  const events: ViewerEvent[] = [];
  const reader = new ViewerEventReader(0);
  const writer: ViewerEventWriter = new ViewerEventWriter(Date.now, (batch) => {
    reader.read(batch, (event) => events.push({ ...event }));
    writer.giveBack(batch.memory);
  });
  delivery.observe(writer);
  return () => {
    writer.flush();
    return events;
  };
}

/** Posts and resolves with the status. */
function post(port: number, body: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      agent: false,
      method: 'POST',
      path: '/cmcd',
      headers: { 'user-agent': 'Test', ...headers },
    };
    const sent = httpRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const report = 'sid="abc",cid="st1",e=ps,sta=p,v=2\n';

test('the same is told of a request whichever way it came', async () => {
  rig = await laneRig();
  const events = observe(rig);
  const headers = `User-Agent: Test\r\nCMCD-Session: sid="abc"\r\nCMCD-Object: ot=v\r\n`;
  for (const port of [rig.port, rig.plainPort]) {
    const viewer = await raw(port, get(playlist, 'User-Agent: Test\r\n'));
    await until('it is answered', () => statuses(viewer.received()).length === 1);
    viewer.socket.write(
      get(`${segment}?CMCD=${cmcd}`, 'User-Agent: Test\r\n') +
        get('/dash/st1/manifest.mpd', headers) +
        get('/hls/st1/source/segment-9.m4s', 'User-Agent: Test\r\n'),
    );
    await until('all are answered', () => statuses(viewer.received()).length === 4);
    viewer.socket.destroy();
  }
  const told = events().map(({ kind, rendition, status, bytes, msn, text, isHeaderText, isDash, viewer, stream }) => ({
    ...{
      kind,
      rendition,
      status,
      msn,
      text,
      isHeaderText,
      isDash,
      viewer,
      streamId: stream?.streamId,
      hasBytes: bytes > 0,
    },
  }));
  const viewer = { network: '127.0.0.0/24', userAgent: 'Test', token: '', country: 'ZZ' };
  const common = {
    streamId: 'st1',
    viewer,
    status: 200,
    hasBytes: true,
    isDash: false,
    isHeaderText: false,
    text: '',
    msn: 0,
  };
  const expected = [
    { ...common, kind: 'playlist', rendition: 'source' },
    { ...common, kind: 'segment', rendition: 'source', msn: 1, text: cmcd },
    {
      ...common,
      kind: 'manifest',
      rendition: '',
      isDash: true,
      isHeaderText: true,
      text: expect.stringContaining('sid="abc"'),
    },
    { ...common, kind: 'segment', rendition: 'source', msn: 9, status: 404 },
  ];
  expect(told).toEqual([...expected, ...expected]);
});

test('over HTTP/2 the same is told, and one connection is one', async () => {
  rig = await secureRig();
  const events = observe(rig);
  const viewer = await session(rig.port);
  for (const path of [playlist, `${segment}?CMCD=${cmcd}`]) await ask(viewer, path, { 'user-agent': 'Test' });
  await ask(viewer, segment, { 'user-agent': 'Test', 'cmcd-session': 'sid="abc"' });
  viewer.destroy();
  const told = events();
  expect(told.map(({ kind, text }) => [kind, text])).toEqual([
    ['playlist', ''],
    ['segment', cmcd],
    ['segment', 'sid="abc"'],
  ]);
  expect(new Set(told.map(({ connection }) => connection)).size).toBe(1);
});

test('what is waited for is told when it is answered', async () => {
  rig = await laneRig();
  const events = observe(rig);
  rig.video.open();
  rig.video.part();
  const viewer = await raw(rig.port, get(`${playlist}?_HLS_msn=2&_HLS_part=1`));
  await until('it is held', () => rig.delivery.stats().waiters === 1);
  expect(events()).toEqual([]);
  rig.video.part();
  await until('it is answered', () => statuses(viewer.received()).length === 1);
  expect(events()).toMatchObject([{ kind: 'playlist', status: 200, isReload: true }]);
  viewer.socket.destroy();
});

test('how old is what a player asks for is told where it sends CMCD', async () => {
  rig = await laneRig();
  const events = observe(rig);
  const viewer = await raw(rig.port, get(segment) + get(`${segment}?CMCD=${cmcd}`));
  await until('both are answered', () => statuses(viewer.received()).length === 2);
  viewer.socket.destroy();
  const [without, withCmcd] = events();
  expect(without?.ageMs).toBeUndefined();
  expect(withCmcd?.ageMs).toBeGreaterThan(40_000);
  expect(withCmcd?.ageMs).toBeLessThan(70_000);
});

test('behind a trusted proxy the viewer is whom it forwards for; from anybody else that is a lie', async () => {
  const forwarded = 'User-Agent: Test\r\nX-Forwarded-For: 198.51.100.9, 203.0.113.77\r\n';
  for (const trustedProxies of [['127.0.0.0/8'], []]) {
    rig = await laneRig({ trustedProxies });
    const events = observe(rig);
    const viewer = await raw(
      rig.port,
      get(playlist, forwarded) +
        get(playlist, forwarded.replace('.77', '.1')) +
        get(playlist, forwarded.replace('203', '204')),
    );
    await until('all are answered', () => statuses(viewer.received()).length === 3);
    viewer.socket.destroy();
    const isTrusted = trustedProxies.length > 0;
    expect(events().map(({ viewer: who, isBehindProxy }) => [who?.network, isBehindProxy])).toEqual(
      isTrusted
        ? [
            ['203.0.113.0/24', true],
            ['203.0.113.0/24', true],
            ['204.0.113.0/24', true],
          ]
        : Array.from({ length: 3 }, () => ['127.0.0.0/24', false]),
    );
    if (isTrusted) await rig.stop();
  }
  expect(new TrustedProxies([]).has('127.0.0.1')).toBe(false);
});

test('a report is taken in the fast lane, and playback goes on there on the same connection', async () => {
  rig = await laneRig();
  const events = observe(rig);
  const head = `POST /cmcd HTTP/1.1\r\nHost: x\r\nContent-Type: application/cmcd\r\nContent-Length: ${report.length}\r\n\r\n`;
  const viewer = await raw(rig.port, get(playlist) + head + report.slice(0, 10));
  await until('the first is answered', () => statuses(viewer.received()).length === 1);
  viewer.socket.write(report.slice(10) + get(segment) + head + report);
  await until('all are answered', () => statuses(viewer.received()).length === 4);
  expect(statuses(viewer.received())).toEqual([200, 204, 200, 204]);
  expect(rig.lane.stats().handedOver).toBe(0);
  expect(events().map(({ kind, text, stream }) => [kind, text, stream?.streamId])).toEqual([
    ['playlist', '', 'st1'],
    ['report', report, 'st1'],
    ['segment', '', 'st1'],
    ['report', report, 'st1'],
  ]);
  viewer.socket.destroy();
});

test('a report is taken with or without a length, over HTTP/1.1 and HTTP/2, and what is too long is refused', async () => {
  rig = await secureRig();
  const events = observe(rig);
  const viewer = await session(rig.port);
  const tooLong = 'x'.repeat(65_537);
  const overHttp2 = (body: string): Promise<number> =>
    new Promise((resolve) => {
      const stream = viewer.request({ ':method': 'POST', ':path': '/cmcd' });
      stream.on('response', (answer) => resolve(Number(answer[':status'])));
      stream.on('error', () => {});
      stream.end(body);
    });
  expect([await overHttp2(report), await overHttp2(tooLong)]).toEqual([204, 413]);
  viewer.destroy();
  expect(await post(rig.plainPort, report, { 'transfer-encoding': 'chunked' })).toBe(204);
  expect(await post(rig.plainPort, tooLong)).toBe(413);
  expect(events().map(({ kind, text }) => [kind, text])).toEqual([
    ['report', report],
    ['report', report],
  ]);
});

test('a body that is too long, chunked or of unclear length goes to the full server', async () => {
  rig = await laneRig();
  expect(await post(rig.port, 'x'.repeat(65_537))).toBe(413);
  expect(await post(rig.port, report, { 'transfer-encoding': 'chunked' })).toBe(204);
  expect(rig.lane.stats().handedOver).toBe(2);
  for (const length of ['+10', '010', '-1', '1e3', '']) {
    const viewer = await raw(rig.port, `POST /cmcd HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n0123456789`);
    await until('it is answered', () => viewer.isClosed() || statuses(viewer.received()).length > 0);
    viewer.socket.destroy();
  }
  expect(rig.lane.stats().handedOver).toBeGreaterThanOrEqual(6);
});

test('a player is told to stop when its stream has ended, and its last word counts', async () => {
  rig = await laneRig();
  const events = observe(rig);
  expect(await post(rig.port, report)).toBe(204);
  expect(await post(rig.port, 'sid="abc",cid="other",e=t\n')).toBe(204);
  rig.feeder.end();
  expect(await post(rig.port, report)).toBe(410);
  expect(events().map(({ stream }) => stream?.streamId)).toEqual(['st1', undefined, 'st1']);
});

test('players on other pages may report: a preflight is answered for a day', async () => {
  rig = await laneRig();
  const viewer = await raw(
    rig.port,
    'OPTIONS /cmcd HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Headers: content-type\r\n\r\nGET /cmcd HTTP/1.1\r\nHost: x\r\n\r\n',
  );
  await until('both are answered', () => statuses(viewer.received()).length === 2);
  viewer.socket.destroy();
  const [preflight = '', got = ''] = viewer.received().split(/(?=HTTP\/1\.1 405)/);
  expect(preflight).toMatch(/^HTTP\/1\.1 204/);
  expect(preflight).toMatch(/access-control-allow-origin: \*/i);
  expect(preflight).toMatch(/access-control-allow-methods: POST, OPTIONS/i);
  expect(preflight).toMatch(/access-control-allow-headers: Content-Type/i);
  expect(preflight).toMatch(/access-control-max-age: 86400/i);
  expect(got).toMatch(/allow: POST, OPTIONS/i);
});
