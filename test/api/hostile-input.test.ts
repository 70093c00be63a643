import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declaredApi } from '../../src/api/openapi/declared-api.ts';
import { openApiDocument, operationsOf } from '../../src/api/openapi/document.ts';
import { exampleOf } from '../../src/api/openapi/example.ts';
import { problemView } from '../../src/contract/problem.ts';
import { apiUnderTest } from '../support/api.ts';

const document = openApiDocument(declaredApi(), '0');
const operations = operationsOf(document).filter(({ path }) => path !== '/metrics');
const withBody = operations.filter(({ operation }) => operation.requestBody !== undefined);
const json = { 'content-type': 'application/json' };

/** Any text that a URL may carry as one step of a path. */
const step = fc
  .string({ minLength: 1, maxLength: 80, unit: 'binary' })
  .map((text) => encodeURIComponent(text.toWellFormed()));
const anyQuery = fc.dictionary(
  fc.constantFrom('limit', 'cursor', 'after', 'types', 'stream', 'channel', 'state', '__proto__', 'x'),
  fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('0', '1', '-1', '1e9', 'NaN', 'null', '%', '%00', '%ff')),
);

/** Bodies that are nearly right: what the description gives as an example, with one member replaced by anything. */
function nearly(example: unknown): fc.Arbitrary<unknown> {
  const members = Object.entries(example as object);
  const replaced = members.map(([name]) =>
    fc.jsonValue({ maxDepth: 4 }).map((value) => ({ ...(example as object), [name]: value })),
  );
  const added = fc
    .tuple(fc.string(), fc.jsonValue())
    .map(([name, value]) => ({ ...(example as object), [name]: value }));
  return fc.oneof(fc.jsonValue(), added, ...replaced);
}

async function expectAnswer(response: Response, errors: readonly unknown[]) {
  const text = await response.text();
  expect(errors).toEqual([]);
  expect(response.status, text).not.toBe(500);
  if (response.status >= 400) {
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    problemView.parse(JSON.parse(text));
  }
}

describe('anything at all', () => {
  test('in paths, queries and headers is answered, never with 500', async () => {
    const { api, errors } = await apiUnderTest();
    const operation = fc.constantFrom(...operations);
    const headers = fc.dictionary(
      fc.constantFrom(
        'if-match',
        'if-none-match',
        'idempotency-key',
        'x-request-id',
        'content-type',
        'content-encoding',
      ),
      fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)) }),
    );
    const property = fc.asyncProperty(
      operation,
      step,
      anyQuery,
      headers,
      async ({ path, method }, name, query, given) => {
        const url = `${path.replaceAll(/\{\w+\}/g, name)}?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, v.toWellFormed()]))}`;
        await expectAnswer(await api.request(url, { method: method.toUpperCase(), headers: given }), errors);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  }, 60_000);

  test.each(withBody)(
    'in the body of $method $path is answered, never with 500',
    async ({ path, method, operation }) => {
      const { api, errors } = await apiUnderTest();
      const schema = operation.requestBody?.content?.['application/json']?.schema ?? {};
      const example = exampleOf(schema, document.components.schemas);
      const body = fc.oneof(
        nearly(example).map((value) => JSON.stringify(value) ?? ''),
        fc.string({ unit: 'binary' }),
      );
      const property = fc.asyncProperty(body, async (text) => {
        const url = path.replaceAll(/\{\w+\}/g, 'none');
        const init = { method: method.toUpperCase(), body: text.toWellFormed(), headers: json };
        await expectAnswer(await api.request(url, init), errors);
      });
      await fc.assert(property, { numRuns: 60 });
    },
    60_000,
  );
});

describe('the body of every operation', () => {
  /** Sends the same to each, and says what each answers and how long that took. */
  async function sendEach(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) {
    const { api } = await apiUnderTest();
    const answers = [];
    for (const { path, method } of withBody) {
      const startedMs = performance.now();
      const response = await api.request(path.replaceAll(/\{\w+\}/g, 'none'), {
        method: method.toUpperCase(),
        body,
        headers,
      });
      const { code } = (await response.json()) as { code: string };
      answers.push({
        name: `${method} ${path}`,
        answer: [response.status, code],
        tookMs: performance.now() - startedMs,
      });
    }
    return answers;
  }

  test.each([
    [
      'is not unpacked: a bomb of 50 kB is refused as it is',
      Uint8Array.from(gzipSync(Buffer.alloc(50 * 2 ** 20, '['))),
      { ...json, 'content-encoding': 'gzip' },
      [415, 'API_BODY_TYPE'],
    ],
    ['is not read beyond 64 kB', `"${'a'.repeat(70_000)}"`, json, [413, 'API_BODY_TOO_LARGE']],
    ['is not parsed deeper than 32 lists', '['.repeat(65_000), json, [413, 'API_BODY_TOO_LARGE']],
    ['is not parsed deeper than 32 objects', '{"a":'.repeat(13_000), json, [413, 'API_BODY_TOO_LARGE']],
    ['is no text', '{}', { 'content-type': 'text/plain' }, [415, 'API_BODY_TYPE']],
    ['is no form', '{}', { 'content-type': 'application/x-www-form-urlencoded' }, [415, 'API_BODY_TYPE']],
    ['is nothing like JSON', '{}', { 'content-type': 'application/jsonp' }, [415, 'API_BODY_TYPE']],
    ['is whole', '{"a"', json, [400, 'API_INPUT_INVALID']],
    ['is an object', '[]', json, [400, 'API_INPUT_INVALID']],
    ['has no members that are not known', '{"no_such_member":1}', json, [400, 'API_INPUT_INVALID']],
  ] as const)('%s', async (_sentence, body, headers, refusal) => {
    for (const { name, answer, tookMs } of await sendEach(body, headers)) {
      expect(answer, name).toEqual(refusal);
      expect(tookMs, name).toBeLessThan(500);
    }
  });

  test('is not read on when it has no end', async () => {
    const { api } = await apiUnderTest();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
    });
    const init = { method: 'POST', body: endless, headers: json, duplex: 'half' };
    expect((await api.request('/keys', init as RequestInit)).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  test('changes nothing through __proto__', async () => {
    await sendEach('{"__proto__":{"channel":"a"},"constructor":{"prototype":{"channel":"a"}}}');
    expect(({} as { channel?: string }).channel).toBeUndefined();
  });
});

test('every mistake is told at once', async () => {
  const { call } = await apiUnderTest();
  const { body } = await call('POST', '/keys', { channel: 7, expires_at: 'soon', policy: { record: 'yes' }, extra: 1 });
  for (const name of ['channel', 'expires_at', 'policy.record', 'extra']) expect(body.detail).toContain(name);
});
