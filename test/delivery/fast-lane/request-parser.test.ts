import { expect, test } from 'vitest';
import { maxHeadBytes, maxTargetBytes, RequestParser } from '../../../src/delivery/fast-lane/request-parser.ts';

/** Chromium 139 with hls.js 1.7. */
const chromium = [
  'GET /hls/show/source/index.m3u8?_HLS_msn=4&_HLS_part=1 HTTP/1.1',
  'Host: 127.0.0.1:8080',
  'Connection: keep-alive',
  'sec-ch-ua-platform: "Linux"',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36',
  'Accept: */*',
  'Sec-Fetch-Site: same-origin',
  'Referer: http://127.0.0.1:8080/watch/show',
  'Accept-Encoding: gzip, deflate, br, zstd',
  '',
  '',
].join('\r\n');
const vlc =
  'GET /dash/show/source/segment-7.m4s HTTP/1.1\r\nhost: live.example:8080\r\nUSER-AGENT:\tVLC/3.0 \r\nRange: bytes=0-\r\nIf-Range: "a"\r\nIf-None-Match: "b", W/"c"\r\nContent-Length: 0\r\n\r\n';

function parse(text: string | Buffer, parser = new RequestParser()) {
  const bytes = Buffer.from(text as string, 'latin1');
  return { recognised: parser.parse(bytes, 0, undefined), parser, bytes };
}

test("a browser's request is recognised with all that playback looks at", () => {
  const { recognised, parser } = parse(`${chromium}GET`);
  expect(recognised).toBe('request');
  expect(parser).toMatchObject({
    method: 'GET',
    path: '/hls/show/source/index.m3u8',
    query: '_HLS_msn=4&_HLS_part=1',
    end: chromium.length,
    headers: { isKeepAlive: true, range: undefined, acceptEncoding: 'gzip, deflate, br, zstd' },
  });
  expect(parser.headers.userAgent).toContain('HeadlessChrome');
});

test('names of headers are recognised in any case, and values without the space around them', () => {
  const { recognised, parser } = parse(vlc);
  expect(recognised).toBe('request');
  expect(parser.headers).toMatchObject({
    userAgent: 'VLC/3.0',
    range: 'bytes=0-',
    ifRange: '"a"',
    ifNoneMatch: '"b", W/"c"',
  });
});

const signed = vlc.replace('/dash/', '/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG93In0.c2ln-_/dash/');

test('a path behind a token is recognised as without it', () => {
  const { recognised, parser } = parse(signed);
  expect([recognised, parser.path]).toEqual(['request', /\/t\S+/.exec(signed)?.[0]]);
  expect(parse(`GET /t/x/time HTTP/1.1\r\n${host}\r\n`).recognised).toBe('request');
});

test('what an edge shows is read', () => {
  const { parser } = parse(vlc.replace('\r\n\r\n', '\r\nstreamctl-EDGE: a secret\r\n\r\n'));
  expect(parser.headers.edgeSecret).toBe('a secret');
});

test.each([chromium, vlc, signed])(
  'each beginning of a request is incomplete, whatever it is cut after: %#',
  (text) => {
    for (let length = 0; length < text.length; length++) {
      expect([length, parse(text.slice(0, length)).recognised]).toEqual([length, 'incomplete']);
    }
  },
);

test('headers repeated by the same connection are not parsed again, changed ones are', () => {
  const { parser } = parse(vlc);
  const last = parser.headers;
  expect(parser.parse(Buffer.from(vlc), 0, last)).toBe('request');
  expect(parser.headers).toBe(last);
  expect(parser.end).toBe(vlc.length);
  expect(parser.parse(Buffer.from(vlc.replace('bytes=0-', 'bytes=1-')), 0, last)).toBe('request');
  expect(parser.headers.range).toBe('bytes=1-');
  expect(parser.parse(Buffer.from(vlc.slice(0, -1)), 0, last)).toBe('incomplete');
});

test('Connection: close is understood', () => {
  const { parser, recognised } = parse('HEAD /time HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n');
  expect([recognised, parser.method, parser.path, parser.headers.isKeepAlive]).toEqual([
    'request',
    'HEAD',
    '/time',
    false,
  ]);
});

const line = 'GET /time HTTP/1.1\r\n';
const host = 'Host: x\r\n';
const foreign: Record<string, string> = {
  'a page behind a token': `GET /t/x/watch/show HTTP/1.1\r\n${host}\r\n`,
  'more than the time behind a token': `GET /t/x/times HTTP/1.1\r\n${host}\r\n`,
  'two tokens': `GET /t/x/t/y/hls/show/index.m3u8 HTTP/1.1\r\n${host}\r\n`,
  'a token with a question mark': `GET /t/x?/hls/show/index.m3u8 HTTP/1.1\r\n${host}\r\n`,
  'a token with a space': `GET /t/x /hls/show/index.m3u8 HTTP/1.1\r\n${host}\r\n`,
  'a token and nothing behind it': `GET /t/x HTTP/1.1\r\n${host}\r\n`,
  'another method': `POST /time HTTP/1.1\r\n${host}\r\n`,
  'a method in lower case': `get /time HTTP/1.1\r\n${host}\r\n`,
  'another path': `GET /watch/show HTTP/1.1\r\n${host}\r\n`,
  'a path that only begins like ours': `GET /timeline HTTP/1.1\r\n${host}\r\n`,
  'a folder below /time': `GET /time/x HTTP/1.1\r\n${host}\r\n`,
  'a target in absolute form': `GET http://x/time HTTP/1.1\r\n${host}\r\n`,
  'two spaces in the request line': `GET  /time HTTP/1.1\r\n${host}\r\n`,
  'two spaces before the version': `GET /time  HTTP/1.1\r\n${host}\r\n`,
  'a tab in the request line': `GET\t/time HTTP/1.1\r\n${host}\r\n`,
  'HTTP/1.0': `GET /time HTTP/1.0\r\n${host}\r\n`,
  'HTTP/1.2': `GET /time HTTP/1.2\r\n${host}\r\n`,
  'no version': `GET /time\r\n${host}\r\n`,
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00',
  'a fragment': `GET /hls/a#b HTTP/1.1\r\n${host}\r\n`,
  'a NUL in the target': `GET /hls/a\0b HTTP/1.1\r\n${host}\r\n`,
  'a byte above 127 in the target': `GET /hls/\xe9 HTTP/1.1\r\n${host}\r\n`,
  'a bare LF after the request line': `GET /time HTTP/1.1\n${host}\r\n`,
  'a bare LF after a header': `${line}Host: x\nA: b\r\n\r\n`,
  'a bare LF as the empty line': `${line}${host}\n`,
  'a bare CR in a value': `${line}${host}A: b\rc\r\n\r\n`,
  'a NUL in a value': `${line}${host}A: b\0c\r\n\r\n`,
  'a byte above 127 in a value': `${line}${host}A: \xe9\r\n\r\n`,
  'an empty line first': `\r\n${line}${host}\r\n`,
  'no Host': `${line}Accept: */*\r\n\r\n`,
  'an empty Host': `${line}Host:\r\n\r\n`,
  'two Hosts': `${line}${host}${host}\r\n`,
  'a Host with a path': `${line}Host: x/y\r\n\r\n`,
  'two hosts in one Host': `${line}Host: x, y\r\n\r\n`,
  'a space before the colon': `${line}${host}Accept : a\r\n\r\n`,
  'a header without a name': `${line}${host}: a\r\n\r\n`,
  'a header without a colon': `${line}${host}Accept\r\n\r\n`,
  'a folded line': `${line}${host}A: b\r\n c\r\n\r\n`,
  'a space before the first header': `${line} ${host}\r\n`,
  'a body announced': `${line}${host}Content-Length: 5\r\n\r\nhello`,
  'a length with a sign': `${line}${host}Content-Length: +0\r\n\r\n`,
  'two lengths': `${line}${host}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
  'a list of lengths': `${line}${host}Content-Length: 0, 0\r\n\r\n`,
  'a transfer coding': `${line}${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'an odd transfer coding': `${line}${host}transfer-encoding: identity\r\n\r\n`,
  Expect: `${line}${host}Expect: 100-continue\r\n\r\n`,
  Upgrade: `${line}${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  Trailer: `${line}${host}Trailer: a\r\n\r\n`,
  'Proxy-Connection': `${line}${host}Proxy-Connection: close\r\n\r\n`,
  'another connection option': `${line}${host}Connection: keep-alive, TE\r\n\r\n`,
  'two Connections': `${line}${host}Connection: close\r\nConnection: keep-alive\r\n\r\n`,
  'two Ranges': `${line}${host}Range: bytes=0-1\r\nRange: bytes=1-2\r\n\r\n`,
};
test.each(Object.entries(foreign))('%s is not recognised', (_, text) => {
  expect(parse(text).recognised).toBe('foreign');
});

test('what is not recognised is seen before the rest has come', () => {
  expect(parse('PU').recognised).toBe('foreign');
  expect(parse('POST /w').recognised).toBe('foreign');
  expect(parse('GET /w').recognised).toBe('foreign');
  expect(parse('GET /time HTTP/1.0').recognised).toBe('foreign');
  expect(parse(`${line}Expect: 100-continue\r\n`).recognised).toBe('foreign');
});

test('a target of the greatest length passes, a longer one is too long, also half', () => {
  const target = `/hls/${'a'.repeat(maxTargetBytes - 5)}`;
  expect(parse(`GET ${target} HTTP/1.1\r\n${host}\r\n`).recognised).toBe('request');
  expect(parse(`GET ${target}b HTTP/1.1\r\n${host}\r\n`).recognised).toBe('target-too-long');
  expect(parse(`GET ${target}b`).recognised).toBe('target-too-long');
});

test('a head of the greatest size passes, a larger one is too large, also half', () => {
  const before = `${line}${host}A: `;
  const filler = 'a'.repeat(maxHeadBytes - before.length - 4);
  expect(parse(`${before}${filler}\r\n\r\n`).recognised).toBe('request');
  expect(parse(`${before}${filler}a\r\n\r\n`).recognised).toBe('head-too-large');
  expect(parse(`${before}${filler}aaaaa`).recognised).toBe('head-too-large');
});
