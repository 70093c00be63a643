import { expect, test } from 'vitest';
import type { Identity } from '../../src/access/identity.ts';
import { declaredApi } from '../../src/api/openapi/declared-api.ts';
import { openApiDocument, operationsOf } from '../../src/api/openapi/document.ts';
import { StreamctlError } from '../../src/base/errors.ts';
import { type Scope, scopeNames } from '../../src/contract/scopes.ts';
import { apiUnderTest } from '../support/api.ts';

const operations = operationsOf(openApiDocument(declaredApi(), '0'))
  .filter(({ path }) => path !== '/metrics') // the API under test has none
  .map(({ path, method, operation }) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, 'some-one'),
    scope: operation.security.flatMap(({ token = [] }) => token)[0] as Scope | undefined,
    takesStreamKey: operation.security.some((way) => way.streamKey !== undefined),
    hasBody: operation.requestBody !== undefined,
  }));
const guarded = operations.filter(({ scope }) => scope !== undefined);

const token = (scopes: readonly Scope[]): Identity => ({ kind: 'token', tokenId: 'a', name: 'a', scopes });
const streamKey: Identity = { kind: 'stream-key', keyId: 'k', channel: 'morning-show' };

async function statusAndCode(response: Response) {
  return [response.status, ((await response.json()) as { code?: string }).code];
}

test('everything but the description and the probe is guarded', () => {
  expect(operations.filter(({ scope }) => scope === undefined).map(({ name }) => name)).toEqual([
    'GET /healthz',
    'GET /openapi.json',
  ]);
  expect(guarded.length).toBeGreaterThan(12);
});

/** The answers of every guarded operation to one caller; the bodies are such that nobody could read them. */
async function answersTo(identity: Identity | undefined, ask = guarded) {
  const { api } = await apiUnderTest(async () => identity);
  return await Promise.all(
    ask.map(async ({ name, method, path, hasBody }, i) => {
      const init = hasBody ? { method, body: '{'.repeat(200_000) } : { method };
      const response = await api.request(path, init, { remoteAddress: `192.0.2.${i}` });
      return { name, status: response.status, code: ((await response.json()) as { code?: string }).code, response };
    }),
  );
}

test('every guarded operation answers 401 to who does not say who asks, before it reads anything', async () => {
  for (const { name, status, code, response } of await answersTo(undefined)) {
    expect([status, code], name).toEqual([401, 'API_UNAUTHENTICATED']);
    expect(response.headers.get('www-authenticate'), name).toBe('Bearer');
  }
});

test('every guarded operation answers 403 to every token without its scope, before it reads anything', async () => {
  for (const scope of new Set(guarded.map((operation) => operation.scope))) {
    const others = scopeNames.filter((name) => name !== scope && name !== 'admin');
    const ofScope = guarded.filter((operation) => operation.scope === scope);
    for (const { name, status, code, response } of await answersTo(token(others), ofScope)) {
      expect([status, code], name).toEqual([403, 'API_SCOPE_MISSING']);
      expect(response.headers.get('www-authenticate'), name).toBeNull();
    }
  }
});

test('every guarded operation is open to its scope alone, and to admin', async () => {
  for (const scope of new Set(guarded.flatMap((operation) => operation.scope ?? []))) {
    const ofScope = guarded.filter((operation) => operation.scope === scope);
    for (const { name, status } of await answersTo(token([scope]), ofScope))
      expect([401, 403], name).not.toContain(status);
  }
  for (const { name, status } of await answersTo(token(['admin']))) expect([401, 403], name).not.toContain(status);
});

test('a stream key may announce a broadcast, and nothing else', async () => {
  const open = (await answersTo(streamKey)).filter(({ status }) => status !== 403).map(({ name }) => name);
  expect(open).toEqual(['POST /streams']);
  expect(guarded.filter(({ takesStreamKey }) => takesStreamKey).map(({ name }) => name)).toEqual(open);
});

test('a credential that is not good is told why', async () => {
  const { api } = await apiUnderTest(async () => {
    throw new StreamctlError('ACCESS_TOKEN_UNKNOWN', {});
  });
  expect(await statusAndCode(await api.request('/keys'))).toEqual([401, 'ACCESS_TOKEN_UNKNOWN']);
});

test('an operation that does not say who may use it is refused to everybody', async () => {
  const { api, errors } = await apiUnderTest();
  api.get('/forgotten', (c) => c.text('secret'));
  expect((await api.request('/forgotten')).status).toBe(500);
  expect(errors).toHaveLength(1);
});

test('a HEAD needs what its GET needs', async () => {
  const { api } = await apiUnderTest(async () => undefined);
  expect((await api.request('/keys', { method: 'HEAD' })).status).toBe(401);
});

test('no answer invites other origins, may be kept, or is guessed at', async () => {
  const { api } = await apiUnderTest();
  for (const { method, path } of operations) {
    for (const asked of [method, 'OPTIONS']) {
      const response = await api.request(path, { method: asked, headers: { origin: 'https://evil.example' } });
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(response.headers.get('cache-control'), path).toBe('no-store');
      expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(response.headers.get('location') ?? '/').toMatch(/^\/(?!\/)/);
    }
  }
});
