import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { declaredApi } from '../../src/api/openapi/declared-api.ts';
import { openApiDocument, operationsOf } from '../../src/api/openapi/document.ts';
import { tagDescriptions } from '../../src/api/openapi/tags.ts';
import { apiUnderTest } from '../support/api.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = resolve(import.meta.dirname, '../..');

test('the server answers its description to everybody, and 304 to who knows it', async () => {
  const { api } = await apiUnderTest(async () => undefined);
  const response = await api.request('/openapi.json');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ openapi: '3.1.1', info: { title: 'streamctl', version: '0.1.0' } });
  const known = { headers: { 'if-none-match': response.headers.get('etag') ?? '' } };
  expect((await api.request('/openapi.json', known)).status).toBe(304);
});

test('the description passes the linter without a warning', async () => {
  const folder = tempDir();
  const path = join(folder, 'openapi.json');
  await writeFile(path, JSON.stringify(openApiDocument(declaredApi(), '0.1.0')));
  const { stdout } = await promisify(execFile)(
    join(root, 'node_modules/.bin/redocly'),
    ['lint', '--extends=recommended', '--format=json', path],
    { cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
  );
  expect(JSON.parse(stdout)).toMatchObject({ totals: { errors: 0, warnings: 0 }, problems: [] });
}, 60_000);

test('every route is in the description, with who may use it', () => {
  const api = declaredApi();
  const described = operationsOf(openApiDocument(api, '0')).map(({ path, method }) => `${method} ${path}`);
  const routes = api.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  expect(new Set(described)).toEqual(new Set(routes));
  expect(described.length).toBeGreaterThan(10);
});

test('every operation is told of in words, under a topic, with examples and with its refusals', () => {
  for (const { path, operation } of operationsOf(openApiDocument(declaredApi(), '0'))) {
    expect(operation.summary, path).not.toBe('');
    expect(operation.operationId, path).toMatch(/^[a-z][A-Za-z]+$/);
    expect(
      operation.tags.filter((tag) => Object.hasOwn(tagDescriptions, tag)),
      path,
    ).toHaveLength(1);
    for (const { content } of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
      for (const media of Object.values(content ?? {})) {
        if (path === '/metrics') continue;
        expect(media.example ?? media.examples, path).toBeDefined();
      }
    }
    const refusals = operation.security.length === 0 ? ['429', '500'] : ['401', '403', '429', '500', '503'];
    expect(Object.keys(operation.responses), path).toEqual(expect.arrayContaining(refusals));
  }
});

test('an example of a problem is what is answered', async () => {
  const { call } = await apiUnderTest();
  const document = openApiDocument(declaredApi(), '0') as unknown as {
    components: { examples: Record<string, { value: object }> };
  };
  const { detail: _detail, request_id: _requestId, ...answered } = (await call('GET', '/keys/none')).body;
  expect(document.components.examples.KEY_NOT_FOUND?.value).toMatchObject(answered);
});

test('no answer has a member for a secret, but those that are made to hand one out once', () => {
  const { schemas } = openApiDocument(declaredApi(), '0').components;
  const secretive = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties)
      .filter((member) => /^(key|token|secret|password)$|hash|pepper|_secret|private/i.test(member))
      .map((member) => `${name}.${member}`),
  );
  expect(secretive.toSorted()).toEqual(['IssuedApiToken.token', 'IssuedStreamKey.key', 'Link.token']);
});
