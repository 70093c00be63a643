import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { declaredApi } from '../../src/api/openapi/declared-api.ts';
import { openApiDocument, operationsOf } from '../../src/api/openapi/document.ts';
import { curlLine } from '../../src/web/reference/curl.ts';
import type { DescribedOperation } from '../../src/web/reference/description.ts';
import { typeText } from '../../src/web/reference/schema-view.ts';
import { webPages } from '../../src/web/web-pages.ts';
import { launchBrowser } from '../support/players/browser.ts';

const pages = webPages();
let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(() => browser.close());

/** The page as the server answers it, with a description. */
async function serve(description: unknown): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    if (path === '/openapi.json') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(description));
      return;
    }
    const page = await pages({ method, path, headers });
    response.writeHead(page?.status ?? 404, page?.headers ?? {}).end(page?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/docs`;
}

async function open(url: string, width = 1280) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  onTestFinished(() => page.close());
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => !request.url().startsWith(new URL(url).origin) && elsewhere.push(request.url()));
  await page.goto(url);
  await page.waitForSelector('article.operation');
  return { page, complaints, elsewhere };
}

test('the reference shows every operation with its scope and a line to try it, and asks nobody else', async () => {
  const description = openApiDocument(declaredApi(), '0.1.0');
  const { page, complaints, elsewhere } = await open(await serve(description));
  const shown = await page.$$eval('article.operation', (articles) => articles.map(({ id }) => id));
  const operations = operationsOf(description);
  expect(shown.toSorted()).toEqual(operations.map(({ operation }) => operation.operationId).toSorted());
  const createKey = await page.textContent('#createKey');
  for (const part of ['POST', '/keys', 'keys:write', 'Authorization: Bearer $TOKEN', 'max_bitrate_bps', 'Answer 201']) {
    expect(createKey).toContain(part);
  }
  await page.fill('#filter', 'rotate');
  expect(await page.$$eval('#index li:not([hidden])', (entries) => entries.length)).toBe(1);
  expect(complaints).toEqual([]);
  expect(elsewhere).toEqual([]);
}, 60_000);

test('on a telephone nothing is wider than the screen, and the list of operations is folded', async () => {
  const { page } = await open(await serve(openApiDocument(declaredApi(), '0.1.0')), 360);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(await page.$eval('#menu', (menu) => (menu as HTMLDetailsElement).open)).toBe(false);
}, 60_000);

test('what the description says is text, whatever it says', async () => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>`<b>`';
  const operation = {
    operationId: 'evil',
    summary: evil,
    description: evil,
    tags: [evil],
    security: [],
    responses: {},
  };
  const description = {
    info: { title: evil, version: evil, description: evil },
    tags: [{ name: evil, description: evil }],
    paths: { [evil]: { get: operation } },
    components: { schemas: {}, securitySchemes: {} },
  };
  const { page, complaints } = await open(await serve(description));
  expect(await page.textContent('#evil h3')).toContain('<img src=x');
  expect(await page.$$eval('main img, main script, main b', (found) => found.length)).toBe(0);
  expect(await page.title()).toBe('streamctl · API');
  expect(complaints).toEqual([]);
}, 60_000);

test('a line for the shell has the examples of the description, quoted', () => {
  const operation: DescribedOperation = {
    operationId: 'a',
    summary: '',
    tags: [],
    security: [{ token: ['keys:write'] }],
    parameters: [{ name: 'id', in: 'path', schema: { examples: ['a b'] } }],
    requestBody: { content: { 'application/json': { example: { name: "it's" } } } },
    responses: {},
  };
  expect(curlLine({ path: '/keys/{id}', method: 'POST', operation }, 'https://x')).toBe(
    `curl -X POST https://x/keys/a%20b \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H 'Content-Type: application/json' \\\n  -d '{"name":"it'\\''s"}'`,
  );
});

test.each([
  [{ type: 'string' }, 'string'],
  [{ type: ['string', 'null'], format: 'date-time' }, 'time or null'],
  [{ type: 'array', items: { $ref: '#/components/schemas/Key' } }, 'list of Key'],
  [{ anyOf: [{ $ref: '#/components/schemas/Key' }, { type: 'null' }] }, 'Key or null'],
  [{ enum: ['a', 'b'] }, '"a" | "b"'],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, 'map to integer'],
])('the type of %o is told in words', (schema, words) => {
  expect(typeText(schema, { Key: { type: 'object' } })).toBe(words);
});
