import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { LiveListing } from '../../src/web/live-list.ts';
import { loadWebAssets } from '../../src/web/web-assets.ts';
import { type WebResponse, webPages } from '../../src/web/web-pages.ts';

const pages = webPages();

async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<WebResponse> {
  const answer = await pages({ method, path, headers });
  if (answer === undefined) throw new Error(`nobody answered ${path}`);
  return answer;
}

const text = (response: WebResponse) => new TextDecoder().decode(response.body);

test.each(['/', '/watch/show', '/embed/show', '/watch/show/'])('%s is a page', async (path) => {
  const response = await get(path);
  expect(response.status).toBe(200);
  expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
});

test.each(['/hls/show/index.m3u8', '/watch', '/watch/a/b', '/healthz', '/admin'])('%s is left to others', (path) => {
  expect(pages({ method: 'GET', path, headers: {} })).toBeUndefined();
});

test('every page loads only what the server itself has, and nothing inline', async () => {
  for (const path of ['/', '/watch/show', '/embed/show']) {
    const html = text(await get(path));
    const addresses = [...html.matchAll(/(?:src|href|data-worker)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of addresses) expect((await get(address)).status, address).toBe(200);
    expect(html).not.toMatch(/https?:\/\/|<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/);
  }
});

test('the policy allows scripts, styles and connections only from the server itself', async () => {
  const policy = (await get('/watch/show')).headers['content-security-policy'] ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("style-src 'self';");
  expect(policy).toContain("connect-src 'self';");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test('only the embeddable player may be framed by other sites', async () => {
  expect((await get('/watch/show')).headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect((await get('/')).headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect((await get('/embed/show')).headers['content-security-policy']).toContain('frame-ancestors *');
});

test('a signed link opens the very page that is open to all', async () => {
  for (const page of ['/watch/show', '/embed/show']) {
    expect(text(await get(`/t/eyJ.x.y${page}`))).toBe(text(await get(page)));
    expect((await get(`/t/eyJ.x.y${page}`)).headers).toEqual((await get(page)).headers);
  }
});

test('a name from the URL never reaches the page text', async () => {
  const plain = text(await get('/watch/show'));
  expect(text(await get('/watch/%3Cscript%3Ealert(1)%3C%2Fscript%3E'))).toBe(plain);
});

test('scripts are cached for ever under a name that changes with them, pages are asked for again', async () => {
  const html = await get('/watch/show');
  expect(html.headers['cache-control']).toBe('no-cache');
  const script = /src="(\/assets\/watch-[0-9a-f]{16}\.js)"/.exec(text(html))?.[1] ?? '';
  expect((await get(script)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

test('gzip is sent to whoever accepts it, with the same content', async () => {
  const plain = await get('/watch/show');
  const zipped = await get('/watch/show', { 'accept-encoding': 'br, gzip' });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true);
  expect((await get('/watch/show', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
});

test('a page the browser has already is not sent again', async () => {
  const { etag } = (await get('/watch/show', { 'accept-encoding': 'gzip' })).headers;
  const again = await get('/watch/show', { 'if-none-match': etag ?? '' });
  expect(again.status).toBe(304);
  expect(again.body.length).toBe(0);
});

test('HEAD gives the headers of GET without the body', async () => {
  const head = await get('/watch/show', {}, 'HEAD');
  expect(head.headers).toEqual((await get('/watch/show')).headers);
  expect(head.body.length).toBe(0);
});

test('an unknown asset is not found and other methods are not allowed', async () => {
  expect((await get('/assets/watch-0000000000000000.js')).status).toBe(404);
  expect((await get('/watch/show', {}, 'POST')).status).toBe(405);
});

test('pages are built once, and built again after a failure', async () => {
  let loads = 0;
  const flaky = webPages(() => {
    loads++;
    return loads === 1 ? Promise.reject(new Error('no esbuild')) : loadWebAssets();
  });
  const request = { method: 'GET', path: '/', headers: {} };
  await expect(flaky(request)).rejects.toThrow('no esbuild');
  expect((await flaky(request))?.status).toBe(200);
  expect((await flaky(request))?.status).toBe(200);
  expect(loads).toBe(2);
});

test('the landing page shows what is on air, with the newest pictures, and is another page when that changes', async () => {
  const onAir: LiveListing[] = [];
  const front = webPages(undefined, () => onAir);
  const read = async (headers: Record<string, string> = {}) => (await front({ method: 'GET', path: '/', headers }))!;
  const list = async () => /<ul id="live">(.*)<\/ul>/.exec(text(await read()))?.[1];
  expect(await list()).toBe('');
  onAir.push({ name: 'stage', isInterrupted: true, pictureAtMs: undefined });
  onAir.push({ name: 'arena', isInterrupted: false, pictureAtMs: 1_700_000_000_000 });
  const html = (await list()) ?? '';
  expect(html.match(/href="[^"]+"/g)).toEqual(['href="/watch/arena"', 'href="/watch/stage"']);
  expect(html.match(/src="[^"]+"/g)).toEqual(['src="/thumb/arena.jpg?at=1700000000000"']);
  expect(html).toMatch(/Live.*arena.*Interrupted.*stage/);
  const { etag = '' } = (await read()).headers;
  expect(await read({ 'if-none-match': etag })).toMatchObject({ status: 304 });
  onAir[1] = { name: 'arena', isInterrupted: false, pictureAtMs: 1_700_000_004_000 };
  expect(await read({ 'if-none-match': etag })).toMatchObject({ status: 200 });
  onAir.push({ name: '<script>', isInterrupted: false, pictureAtMs: 1 });
  expect(await list()).not.toContain('<script>');
});
