import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { ask, session } from '../delivery/secure/secure-rig.ts';
import { makeCertificate } from '../support/certificate.ts';
import { TestServer } from '../support/server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

async function startSecure(): Promise<{ server: TestServer; port: number; token: string }> {
  const { cert, key } = await makeCertificate();
  const folder = tempDir();
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  const tls = { STREAMCTL_HTTP_TLS_CERT: files.cert, STREAMCTL_HTTP_TLS_KEY: files.key };
  const server = await TestServer.start({ env: { ...tls, STREAMCTL_HTTP_THREADS: '1' } });
  onTestFinished(() => server.dispose());
  const token = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim();
  return { server, port: Number(new URL(server.httpUrl).port), token };
}

/** Asked over the control socket, which none of the lanes is. */
async function countsOf(server: TestServer): Promise<Record<string, number>> {
  const metrics = unixFetch(join(server.dataFolder, 'control.sock'));
  const text = await (await metrics(new Request('http://localhost/metrics'))).text();
  const counts = text.matchAll(/^streamctl_http_request_seconds_count\{thread="delivery-1",lane="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...counts].map(([, lane, count]) => [lane, Number(count)]));
}

async function askHttp1(options: RequestOptions): Promise<number | undefined> {
  const asked = request({ host: '127.0.0.1', rejectUnauthorized: false, ...options }).end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode;
}

test('requests are timed on every way on which they are answered, each by its name', async () => {
  const { server, port, token } = await startSecure();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const viewer = await session(port);
  onTestFinished(() => {
    agent.destroy();
    viewer.destroy();
  });
  const authorization = `Bearer ${token}`;
  await until('there are figures', async () => (await countsOf(server)).fast === 0);
  for (let sent = 0; sent < 32; sent++) expect(await askHttp1({ port, agent, path: '/time' })).toBe(200);
  for (let sent = 0; sent < 48; sent++) expect((await ask(viewer, '/time')).status).toBe(200);
  // PUT is nothing that players send: its connection goes to node:http, which answers it and what follows.
  expect(await askHttp1({ port, agent, path: '/time', method: 'PUT' })).toBe(405);
  expect(await askHttp1({ port, agent, path: '/time' })).toBe(200);
  expect(await askHttp1({ port, path: '/healthz' })).toBe(200);
  expect((await ask(viewer, '/watch/show')).status).toBe(200);
  expect(await askHttp1({ port, path: '/status', headers: { authorization } })).toBe(200);
  for (const path of ['/status', '/keys']) expect((await ask(viewer, path, { authorization })).status).toBe(200);
  const expected = { fast: 2, http2: 3, full: 2, page: 2, management: 3 };
  await until('all are told', async () => {
    const counts = await countsOf(server);
    return Object.values(counts).reduce((sum, count) => sum + count, 0) >= 12;
  });
  expect(await countsOf(server)).toEqual(expected);
});
