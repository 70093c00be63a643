import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { get, type LaneRig, laneRig, playlist, raw, statuses } from './lane-rig.ts';

let rig: LaneRig;
beforeAll(async () => {
  rig = await laneRig();
});
afterAll(() => rig.stop());

/** Its answer would name it. */
const smuggled = get('/hls/smuggled/index.m3u8');
const long = (bytes: number) => 'a'.repeat(bytes);

/** Malformed and smuggling requests, each followed by a good one where the connection survives. */
const corpus: Record<string, string> = {
  'a good request': get('/time'),
  'CL.TE': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  'TE.CL': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n`,
  'TE.TE, obfuscated': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${smuggled}`,
  'Transfer-Encoding with a tab': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding with a space before the colon': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding xchunked': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n${smuggled}`,
  'a chunked body with GET': `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${get('/time')}`,
  'a body with GET that looks like a request': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${get('/hls/a')}`,
  'two lengths': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n${smuggled}`,
  'two equal lengths': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n${smuggled}`,
  'a negative length': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n${smuggled}`,
  'a length in hexadecimal': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n${smuggled}`,
  'a length beyond 64 bits': `GET /time HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n${smuggled}`,
  'bare LF throughout': 'GET /time HTTP/1.1\nHost: x\n\n',
  'a bare LF before a smuggled header': 'GET /time HTTP/1.1\r\nHost: x\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n',
  'a bare CR': 'GET /time HTTP/1.1\r\nHost: x\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n',
  'a bare CR after the request line': 'GET /time HTTP/1.1\rHost: x\r\n\r\n',
  'a folded line': 'GET /time HTTP/1.1\r\nHost: x\r\nA: b\r\n c: d\r\n\r\n',
  'a folded first line': 'GET /time HTTP/1.1\r\n Host: x\r\n\r\n',
  'a NUL in a value': 'GET /time HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n',
  'a NUL in a name': 'GET /time HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n',
  'a NUL in the target': 'GET /hls/\0 HTTP/1.1\r\nHost: x\r\n\r\n',
  'bytes above 127 in a value': `GET /time HTTP/1.1\r\nHost: x\r\nA: \xff\xfe\r\n\r\n${get('/time')}`,
  'bytes above 127 in the target': 'GET /hls/\xff HTTP/1.1\r\nHost: x\r\n\r\n',
  'no Host': 'GET /time HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET /time HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  'an empty Host': 'GET /time HTTP/1.1\r\nHost:\r\n\r\n',
  'a header without a colon': 'GET /time HTTP/1.1\r\nHost: x\r\nfoo\r\n\r\n',
  'a header without a name': 'GET /time HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n',
  'empty lines first': `\r\n\r\n${get('/time')}`,
  'two spaces in the request line': 'GET  /time HTTP/1.1\r\nHost: x\r\n\r\n',
  'a space in the target': 'GET /hls/a b HTTP/1.1\r\nHost: x\r\n\r\n',
  'a space behind the version': 'GET /time HTTP/1.1 \r\nHost: x\r\n\r\n',
  'HTTP/0.9': 'GET /time\r\n',
  'HTTP/1.0': 'GET /time HTTP/1.0\r\n\r\n',
  'HTTP/1.0 with keep-alive': `GET /time HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${get('/time')}`,
  'HTTP/1.2': 'GET /time HTTP/1.2\r\nHost: x\r\n\r\n',
  'HTTP/2.0': 'GET /time HTTP/2.0\r\nHost: x\r\n\r\n',
  'HTTP/11.1': 'GET /time HTTP/11.1\r\nHost: x\r\n\r\n',
  'http/1.1': 'GET /time http/1.1\r\nHost: x\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS hello': '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  RTMP: '\x03\x00\x00\x00\x00',
  'a method in lower case': 'get /time HTTP/1.1\r\nHost: x\r\n\r\n',
  'an unknown method': 'WATCH /time HTTP/1.1\r\nHost: x\r\n\r\n',
  CONNECT: 'CONNECT /time HTTP/1.1\r\nHost: x\r\n\r\n',
  OPTIONS: 'OPTIONS /time HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
  'the absolute form': `GET http://evil/time HTTP/1.1\r\nHost: x\r\n\r\n${get('/time')}`,
  'a path that climbs': `GET /hls/../watch/show HTTP/1.1\r\nHost: x\r\n\r\n${get('/time')}`,
  'an encoded path': `GET /hls/%2e%2e/watch HTTP/1.1\r\nHost: x\r\n\r\n${get('/time')}`,
  'a path with a backslash': `GET /hls/..\\watch HTTP/1.1\r\nHost: x\r\n\r\n${get('/time')}`,
  'Expect for a request without a body': `GET /time HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n${get('/time')}`,
  'an unknown expectation': 'GET /time HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n',
  'an upgrade nobody takes': 'GET /time HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'an upgrade to h2c': `GET /time HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  'a head beyond 16 KB': get('/time', `A: ${long(20_000)}\r\n`),
  'many headers beyond 16 KB': get('/time', 'A: b\r\n'.repeat(4000)),
  'a range that is none': `${get(playlist, 'Range: bytes=x\r\n')}${get(playlist, 'Range: bytes=9-1\r\n')}`,
};

/** All that comes until the other side closes, after we have said all and closed ours. Date and hop-by-hop headers aside. */
async function said(port: number, text: string): Promise<{ statuses: number[]; text: string }> {
  const client = await raw(port, Buffer.from(text, 'latin1'));
  client.socket.end();
  await until('the server closed', client.isClosed);
  const plain = client
    .received()
    .replace(/^(Date|Connection|Keep-Alive): .*\r\n/gm, '')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'NOW');
  return { statuses: statuses(client.received()), text: plain };
}

test.each(Object.entries(corpus))('%s is answered as node:http does', async (_, text) => {
  const [ours, theirs] = await Promise.all([said(rig.port, text), said(rig.plainPort, text)]);
  expect(ours.statuses).toEqual(theirs.statuses);
  expect(bodies(ours.text)).toEqual(bodies(theirs.text));
});

function bodies(text: string): string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3})/).map((answer) => answer.slice(answer.indexOf('\r\n\r\n')));
}

test('no body is ever taken for a request', async () => {
  for (const [name, text] of Object.entries(corpus)) {
    const ours = await said(rig.port, text);
    expect([name, ours.text.includes('smuggled')]).toEqual([name, false]);
  }
  expect((await said(rig.port, smuggled)).text).toContain('smuggled');
});

test('a smuggling request behind a good one is judged by the full server, and what it hides is not answered', async () => {
  const attempt = `GET /time HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n${smuggled}`;
  const ours = await said(rig.port, get('/time') + attempt);
  const theirs = await said(rig.plainPort, attempt);
  expect(ours.statuses).toEqual([200, ...theirs.statuses]);
  expect(ours.text).not.toContain('smuggled');
});

test('nothing is answered behind a request that closes the connection', async () => {
  const ours = await said(rig.port, get('/time') + get('/time', 'Connection: close\r\n') + smuggled);
  expect(ours.statuses).toEqual([200, 200]);
});

test('a target beyond 8 KB is refused with 414', async () => {
  const client = await raw(rig.port, get(`/hls/${long(9000)}`));
  await until('it was answered and closed', client.isClosed);
  expect(statuses(client.received())).toEqual([414]);
});
