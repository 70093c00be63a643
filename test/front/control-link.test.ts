import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { makeInnerFolder } from '../../src/front/inner-folder.ts';
import { clientAddressHeader } from '../../src/front/inner-headers.ts';
import { makeCertificate } from '../support/certificate.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { ask, startDelivery, startDoor, startFront } from './delivery-rig.ts';

/** Tells what came: method, path, body, address and all headers. */
async function echo(request: Request, from: { readonly remoteAddress: string }): Promise<Response> {
  const { pathname, search, host } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const body = await request.text();
  return Response.json({ method: request.method, path: pathname + search, host, body, headers, ...from });
}

const echoDelivery = async (options = {}) => startDelivery(await startDoor({ fetch: echo }), options);

test('what belongs to control is answered there, the rest is not there', async () => {
  const port = await echoDelivery();
  const { status, text, headers } = await ask(port, '/streams?limit=3', { headers: { 'x-own': 'yes' } });
  expect(status).toBe(200);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-content-type-options': 'nosniff' });
  expect(JSON.parse(text)).toMatchObject({
    method: 'GET',
    path: '/streams?limit=3',
    host: `127.0.0.1:${port}`.replace(/:\d+$/, `:${port}`),
    remoteAddress: '127.0.0.1',
    headers: { 'x-own': 'yes' },
  });
  for (const path of ['/streamsx', '/nothing', '/inner', '/%2e%2e/keys']) {
    expect(await ask(port, path)).toMatchObject({ status: 404 });
  }
  expect((await ask(port, '/readyz')).text).toBe('starting or stopping\n');
});

test.each(['POST', 'PATCH', 'DELETE', 'GET'])(
  'a body of %s arrives as it was sent, whatever its framing',
  async (method) => {
    const port = await echoDelivery();
    const body = 'x'.repeat(100_000);
    const framings: Record<string, string>[] = [{ 'content-length': '100000' }, { 'transfer-encoding': 'chunked' }];
    for (const headers of framings) {
      const { text } = await ask(port, '/keys', { method, headers, body });
      // fetch's Request holds no body of GET; what counts is that the bytes are not taken for a request of their own.
      expect(JSON.parse(text)).toMatchObject({ method, body: method === 'GET' ? '' : body });
    }
    expect(JSON.parse((await ask(port, '/streams')).text)).toMatchObject({ method: 'GET', body: '' });
  },
);

test('a request hidden in the body of another is never one of its own', async () => {
  const port = await echoDelivery();
  const hidden = `GET /tokens HTTP/1.1\r\nHost: x\r\n${clientAddressHeader}: 203.0.113.66\r\n\r\n`;
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.write(
    `DELETE /keys/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
  );
  await until('it is answered', () => received.includes('remoteAddress'));
  expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  expect(JSON.parse((await ask(port, '/streams')).text)).toMatchObject({
    path: '/streams',
    remoteAddress: '127.0.0.1',
  });
});

test('an address that is forged outside is not believed, under no name', async () => {
  const port = await echoDelivery();
  const { text } = await ask(port, '/streams', {
    headers: {
      [clientAddressHeader]: '203.0.113.66',
      'x-forwarded-for': '203.0.113.66',
      forwarded: 'for=203.0.113.66',
      connection: `close, ${clientAddressHeader}`,
    },
  });
  const seen = JSON.parse(text);
  expect(seen.remoteAddress).toBe('127.0.0.1');
  expect(seen.headers[clientAddressHeader]).toBe('127.0.0.1');
});

test('a trusted proxy is believed for whom it asks', async () => {
  const port = await echoDelivery({ trustedProxies: ['127.0.0.1'] });
  const { text } = await ask(port, '/streams', { headers: { 'x-forwarded-for': '198.51.100.1, 203.0.113.66' } });
  expect(JSON.parse(text).remoteAddress).toBe('203.0.113.66');
});

test('HTTP/2 requests reach control too, with bodies', async () => {
  const port = await echoDelivery({ certificate: await makeCertificate() });
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  onTestFinished(() => session.destroy());
  const body = 'y'.repeat(30_000);
  const call = async (headers: Record<string, string>, sent?: string) => {
    const stream = session.request(
      { [clientAddressHeader]: '203.0.113.66', ...headers },
      { endStream: sent === undefined },
    );
    if (sent !== undefined) stream.end(sent);
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    let text = '';
    for await (const chunk of stream) text += chunk;
    return { answer, seen: JSON.parse(text) };
  };
  const plain = await call({ ':path': '/streams' });
  expect(plain.answer).toMatchObject({ ':status': 200, 'content-type': 'application/json' });
  expect(plain.seen).toMatchObject({ method: 'GET', host: `127.0.0.1:${port}`, remoteAddress: '127.0.0.1' });
  const lengths: Record<string, string>[] = [{}, { 'content-length': '30000' }];
  for (const length of lengths) {
    const { seen } = await call({ ':path': '/keys', ':method': 'POST', ...length }, body);
    expect(seen).toMatchObject({ method: 'POST', body });
  }
});

test('a page of another site may not ask for management, but lead here by links', async () => {
  const port = await echoDelivery();
  const crossSite = { 'sec-fetch-site': 'cross-site' };
  for (const path of ['/streams', '/keys', '/tokens', '/events', '/status', '/metrics']) {
    const { status, text } = await ask(port, path, { headers: crossSite });
    expect({ status, ...JSON.parse(text) }).toMatchObject({ status: 403, code: 'API_CROSS_SITE' });
  }
  for (const path of ['/admin', '/openapi.json']) {
    expect((await ask(port, path, { headers: crossSite })).status).toBe(200);
  }
  expect((await ask(port, '/streams', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
});

test('while control is away it says so, and playback does not notice', async () => {
  const port = await startDelivery(join(tempDir(), 'nobody.sock'));
  const answer = await ask(port, '/streams');
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'API_CONTROL_AWAY' });
  expect((await ask(port, '/hls/show/index.m3u8')).status).toBe(404);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/metrics`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('503');
});

test('what control does not answer in time is given up, and more than there is room for refused', async () => {
  const released: (() => void)[] = [];
  const held = () => new Promise<Response>((resolve) => released.push(() => resolve(new Response('late'))));
  const fetch = (request: Request) => (request.url.endsWith('/openapi.json') ? new Response('now') : held());
  const path = await startDoor({ fetch });
  const port = await startFront(path, { silenceMs: 1000, requests: 3, requestsPerAddress: 2 });
  const waiting = [ask(port, '/streams'), ask(port, '/streams')];
  await until('both are with control', () => released.length === 2);
  const refused = await ask(port, '/openapi.json');
  expect({ status: refused.status, code: JSON.parse(refused.text).code }).toEqual({ status: 503, code: 'API_BUSY' });
  for (const answer of await Promise.all(waiting)) {
    expect({ status: answer.status, code: JSON.parse(answer.text).code }).toEqual({
      status: 503,
      code: 'API_CONTROL_AWAY',
    });
  }
  expect((await ask(port, '/openapi.json')).text).toBe('now');
});

test('a control that answers nobody holds so many requests of one address, and viewers notice nothing', async () => {
  let held = 0;
  const fetch = () => {
    held++;
    return new Promise<Response>(() => {});
  };
  const port = await startDelivery(await startDoor({ fetch }));
  const asked = Array.from({ length: 80 }, () => ask(port, '/streams').catch(() => undefined));
  await until('there is no more room', () => held === 64);
  const refused = await Promise.race(asked);
  expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('API_BUSY') });
  const playback = await Promise.all(Array.from({ length: 100 }, () => ask(port, '/hls/show/index.m3u8')));
  expect(new Set(playback.map(({ status }) => status))).toEqual(new Set([404]));
  expect(held).toBe(64);
});

test('an answer that control breaks off is broken off', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}); // hono tells of it there
  const fetch = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('half'));
          setTimeout(() => controller.error(new Error('broken')), 50);
        },
      }),
    );
  const port = await startDelivery(await startDoor({ fetch }));
  await expect(ask(port, '/openapi.json')).rejects.toThrow(/aborted|hang up/);
});

test('whoever leaves is not answered any more', async () => {
  let isAborted = false;
  const fetch = (request: Request) => {
    request.signal.addEventListener('abort', () => {
      isAborted = true;
    });
    return new Promise<Response>(() => {});
  };
  const port = await startDelivery(await startDoor({ fetch }));
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /streams HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'connect');
  setTimeout(() => socket.destroy(), 200);
  await until('control hears of it', () => isAborted);
});

/** WebSockets that tell who comes and repeat what is said. */
async function startSockets(options = {}) {
  const server = new WebSocketServer({ noServer: true });
  const path = await startDoor({
    fetch: () => new Response('no', { status: 401, headers: { 'www-authenticate': 'Bearer' } }),
    upgrade: (incoming, socket, head, { remoteAddress }) => {
      if (incoming.url?.includes('refused')) {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nnot so');
        return;
      }
      server.handleUpgrade(incoming, socket, head, (peer) => {
        peer.send(`hello ${remoteAddress}`);
        peer.on('message', (message) => peer.send(`you said ${message}`));
      });
    },
  });
  return { server, port: await startDelivery(path, options) };
}

async function talk(url: string): Promise<{ socket: WebSocket; messages: string[] }> {
  const socket = new WebSocket(url, { rejectUnauthorized: false, headers: { [clientAddressHeader]: '203.0.113.66' } });
  onTestFinished(() => socket.terminate());
  const messages: string[] = [];
  socket.on('message', (message) => messages.push(String(message)));
  await once(socket, 'open');
  return { socket, messages };
}

test.each(['ws', 'wss'])(
  'a WebSocket (%s:) reaches control, both ways, until one of the two leaves',
  async (scheme) => {
    const { server, port } = await startSockets(scheme === 'wss' ? { certificate: await makeCertificate() } : {});
    const { socket, messages } = await talk(`${scheme}://127.0.0.1:${port}/ws/stream/show`);
    socket.send('hi');
    await until('it is answered', () => messages.length === 2);
    expect(messages).toEqual(['hello 127.0.0.1', 'you said hi']);
    const [peer] = [...server.clients];
    socket.close();
    await once(peer!, 'close');
    const other = await talk(`${scheme}://127.0.0.1:${port}/ws/stream/show`);
    [...server.clients].at(-1)!.close(1001);
    expect(await once(other.socket, 'close')).toContain(1001);
  },
);

test('what control answers instead of a WebSocket is the last that the connection hears', async () => {
  const { port } = await startSockets();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  const upgrade =
    'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  socket.write(`GET /ws/refused HTTP/1.1\r\n${upgrade}`);
  socket.write(`GET /tokens HTTP/1.1\r\nHost: x\r\n${clientAddressHeader}: 203.0.113.66\r\n\r\n`);
  await once(socket, 'close');
  expect(received).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  expect(received).toMatch(/connection: close\r\n/i);
  expect(received.endsWith('not so')).toBe(true);
  expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('a request to become something else than a WebSocket is a request like others', async () => {
  const { port } = await startSockets();
  for (const [path, upgrade] of [
    ['/ws/metrics', 'h2c'],
    ['/streams', 'websocket'],
  ] as const) {
    expect(await ask(port, path, { headers: { connection: 'Upgrade', upgrade } })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
});

test('the socket lies where nobody else may look, also when the data folder is deep', () => {
  const shallow = makeInnerFolder(join(tempDir(), 'data'));
  expect(statSync(dirname(shallow.socketPath)).mode & 0o777).toBe(0o700);
  const runtime = tempDir();
  const deep = makeInnerFolder(join(tempDir(), 'd'.repeat(100)), { XDG_RUNTIME_DIR: runtime });
  expect(deep.socketPath.startsWith(runtime)).toBe(true);
  expect(Buffer.byteLength(deep.socketPath)).toBeLessThanOrEqual(107);
  expect(statSync(dirname(deep.socketPath)).mode & 0o777).toBe(0o700);
  deep.remove();
  expect(statSync(dirname(deep.socketPath), { throwIfNoEntry: false })).toBeUndefined();
});

test('a folder that others could look into is closed to them', () => {
  const dataDir = tempDir();
  mkdirSync(join(dataDir, 'inner'));
  chmodSync(join(dataDir, 'inner'), 0o755);
  makeInnerFolder(dataDir);
  expect(statSync(join(dataDir, 'inner')).mode & 0o777).toBe(0o700);
});

test.runIf(process.getuid?.() === 0)('another user of the machine cannot connect to it', async () => {
  const path = await startDoor({ fetch: () => new Response('in') });
  // Even where the folders above let everybody through.
  for (let folder = dirname(dirname(path)); folder !== '/tmp' && folder !== '/'; folder = dirname(folder))
    chmodSync(folder, 0o755);
  const attempt = (...as: string[]) => {
    const script = `require('net').connect(${JSON.stringify(path)}).on('connect', () => { console.log('in'); process.exit() }).on('error', (e) => console.log(e.code))`;
    return spawnSync('setpriv', [...as, process.execPath, '-e', script], { encoding: 'utf8' }).stdout.trim();
  };
  expect(attempt('--reuid=0')).toBe('in');
  expect(attempt('--reuid=nobody', '--regid=nogroup', '--clear-groups')).toBe('EACCES');
});
