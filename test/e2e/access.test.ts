import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificate.ts';
import { TestServer } from '../support/server.ts';
import { streamctl } from '../support/streamctl.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/* One server with TLS, as it is after its first start; everything here comes from outside. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
let certFile: string;
let adminToken: string;

beforeAll(async () => {
  folder = await temporaryFolder('access');
  const { cert, key } = await makeCertificate('localhost');
  certFile = join(folder.path, 'cert.pem');
  writeFileSync(certFile, cert);
  writeFileSync(join(folder.path, 'key.pem'), key);
  server = await TestServer.start({
    openPublish: false,
    env: {
      STREAMCTL_HTTP_TLS_CERT: certFile,
      STREAMCTL_HTTP_TLS_KEY: join(folder.path, 'key.pem'),
      STREAMCTL_HTTP_THREADS: '1',
    },
  });
  adminToken = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8').trim();
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

const port = () => Number(new URL(server.httpUrl).port);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Over HTTP/1.1 and TLS. */
async function call(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  const request = httpsRequest({
    ...{ host: '127.0.0.1', port: port(), method, path, rejectUnauthorized: false, agent: false },
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, text };
}

describe('a server after its first start', () => {
  test('keeps the token of its administrator in a file for its owner, and out of the log', () => {
    expect(statSync(join(server.dataFolder, 'admin.token')).mode & 0o777).toBe(0o600);
    expect(adminToken).toMatch(/^pat_[a-z2-7]{10}_[a-z2-7]{32}$/);
    expect(server.log).toContain('admin.token');
    expect(server.log).not.toContain(adminToken.slice(15));
  });

  test('refuses everything it describes to who shows no token, but what it says is open', async () => {
    const { paths } = JSON.parse((await call('GET', '/openapi.json')).text) as {
      readonly paths: Record<string, Record<string, { readonly security: readonly unknown[] }>>;
    };
    const open: string[] = [];
    let refused = 0;
    for (const [template, operations] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(operations)) {
        const path = template.replaceAll(/\{.+?\}/g, 'x');
        const { status, headers } = await call(method.toUpperCase(), path);
        if (security.length === 0) {
          open.push(`${method} ${template}`);
          continue;
        }
        expect({ method, path, status }).toEqual({ method, path, status: 401 });
        expect(headers['www-authenticate']).toBe('Bearer');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(15);
    expect(open.filter((operation) => !/healthz|openapi|cmcd|docs/.test(operation))).toEqual([]);
  });

  test('takes the token from the header only, over HTTP/1.1 and HTTP/2', async () => {
    for (const path of ['/status', '/metrics', '/tokens']) {
      expect((await call('GET', path, bearer(adminToken))).status).toBe(200);
      expect((await call('GET', `${path}?access_token=${adminToken}&token=${adminToken}`)).status).toBe(401);
      expect((await call('GET', path, { cookie: `token=${adminToken}` })).status).toBe(401);
    }
    const session = connectHttp2(server.httpUrl, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/status', ...bearer(adminToken) });
    const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
    let text = '';
    for await (const chunk of stream) text += chunk;
    session.close();
    expect(answer[':status']).toBe(200);
    expect(JSON.parse(text).http_url).toBe(server.httpUrl);
  });

  test('believes no address that is forged outside', async () => {
    const forged = { 'x-streamctl-client-address': '', 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' };
    expect((await call('GET', '/keys', forged)).status).toBe(401);
  });
});

/** A command of somebody else, on a machine that knows of this server what the arguments and the environment say. */
const elsewhere = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const cwd = join(folder.path, 'elsewhere');
  mkdirSync(cwd, { recursive: true });
  return streamctl(cwd, args, { NODE_EXTRA_CA_CERTS: certFile, ...env });
};
const url = () => `https://localhost:${port()}`;

describe('a command elsewhere', () => {
  test('works with a token from a file, the environment or a flag, as far as the scopes of the token go', async () => {
    const tokenFile = join(server.dataFolder, 'admin.token');
    const created = await elsewhere(
      [
        'tokens',
        'create',
        'reader',
        '--scope',
        'keys:read',
        '--scope',
        'streams:read',
        '--json',
        '--server',
        url(),
      ].concat(['--token-file', tokenFile]),
    );
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const reader = JSON.parse(created.stdout).token as string;
    const env = { STREAMCTL_SERVER: url(), STREAMCTL_TOKEN: reader };
    expect(JSON.parse((await elsewhere(['keys', 'list', '--json'], env)).stdout)).toEqual({
      items: [],
      next_cursor: null,
    });
    expect(await elsewhere(['keys', 'create', 'a', '--json'], env)).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('API_SCOPE_MISSING'),
    });
    const revoked = await elsewhere(['tokens', 'revoke', 'reader', '--server', url(), '--token', adminToken]);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Revoked pat_\w+ \(reader\)\.\n$/) });
    expect(await elsewhere(['streams', 'list'], env)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('was revoked'),
    });
    const table = await elsewhere(['tokens', 'list'], { STREAMCTL_SERVER: url(), STREAMCTL_TOKEN: adminToken });
    expect(table.stdout).toMatch(/administrator +admin +valid/);
    expect(table.stdout).toMatch(/reader +keys:read, streams:read +revoked/);
    expect(table.stdout).not.toContain(reader.slice(15));
  });

  test('says what stands in the way: no token, a certificate nobody vouches for, nobody there', async () => {
    const admin = { STREAMCTL_TOKEN: adminToken };
    expect(await elsewhere(['status', '--server', url()])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('There is no API token'),
    });
    const untrusted = await elsewhere(['status', '--server', url()], { ...admin, NODE_EXTRA_CA_CERTS: '' });
    expect(untrusted).toMatchObject({ code: 5, stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(await elsewhere(['status', '--server', 'http://127.0.0.1:9'], admin)).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('cannot be reached'),
    });
    expect(await elsewhere(['status', '--server', 'live.example.org'], admin)).toMatchObject({ code: 2 });
  });
});
