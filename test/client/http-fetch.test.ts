import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { httpFetch } from '../../src/client/http-fetch.ts';
import { turnPages } from '../../src/client/pages.ts';
import { makeCertificate } from '../support/certificate.ts';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const token = `pat_aaaaaaaaaa_${'b'.repeat(32)}`;
const get = (url: string) => httpFetch({ url, token })(new Request('http://localhost/streams?limit=1'));

test('a request goes below the path of the server, with the token', async () => {
  const port = await listening(
    createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () =>
        response.end(JSON.stringify([request.method, request.url, request.headers.authorization, body])),
      );
    }),
  );
  const url = `http://127.0.0.1:${port}/live/`;
  expect(await (await get(url)).json()).toEqual(['GET', '/live/streams?limit=1', `Bearer ${token}`, '']);
  const post = new Request('http://localhost/keys', { method: 'POST', body: '{"a":1}' });
  expect(await (await httpFetch({ url, token })(post)).json()).toEqual([
    'POST',
    '/live/keys',
    `Bearer ${token}`,
    '{"a":1}',
  ]);
});

test('a server that is not there, is none, or leads elsewhere is told by its address and why', async () => {
  const silent = createServer((socket) => socket.destroy());
  const leading = createHttpServer((_, response) =>
    response.writeHead(302, { location: 'http://evil.example/' }).end(),
  );
  const closed = createServer();
  const unused = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  for (const [port, reason] of [
    [unused, 'ECONNREFUSED'],
    [await listening(silent), 'closed'],
    [await listening(leading), 'redirect'],
  ] as const) {
    const url = `http://127.0.0.1:${port}`;
    const error = await get(url).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'CONTROL_SERVER_UNREACHABLE', details: { url } });
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain(token);
  }
});

test('a certificate that nobody vouches for is not accepted', async () => {
  const { cert, key } = await makeCertificate();
  const port = await listening(createHttpsServer({ cert, key }));
  await expect(get(`https://127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'CONTROL_CERTIFICATE_REFUSED',
    exitCode: 5,
  });
});

test('what is no answer of the API is said so', async () => {
  const port = await listening(createHttpServer((_, response) => response.end('<html>')));
  const client = new ApiClient(httpFetch({ url: `http://127.0.0.1:${port}`, token }));
  await expect(client.listTokens()).rejects.toMatchObject({ code: 'CONTROL_ANSWER_INVALID' });
});

test('pages are turned until there is enough, or nothing more', async () => {
  const all = Array.from({ length: 2500 }, (_, index) => index);
  const asked: unknown[] = [];
  const page = async ({ limit = 0, cursor }: { limit?: number | undefined; cursor?: string | undefined }) => {
    asked.push([limit, cursor]);
    const from = Number(cursor ?? 0);
    const items = all.slice(from, from + limit);
    return { items, next_cursor: from + limit < all.length ? String(from + limit) : null };
  };
  expect(await turnPages(page, {})).toEqual({ items: all, next_cursor: null });
  expect(asked).toEqual([
    [1000, undefined],
    [1000, '1000'],
    [1000, '2000'],
  ]);
  expect(await turnPages(page, { limit: 1500, cursor: '100' })).toEqual({
    items: all.slice(100, 1600),
    next_cursor: '1600',
  });
});
