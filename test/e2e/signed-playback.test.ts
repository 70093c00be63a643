import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LinkView } from '../../src/contract/links.ts';
import { makeLiveClip } from '../support/clips.ts';
import { launchBrowser } from '../support/players/browser.ts';
import { BrowserPlayers, type Engine } from '../support/players/browser-players.ts';
import { publishClip } from '../support/publishers/ffmpeg.ts';
import type { Publisher } from '../support/publishers/publisher.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

const channel = 'members';
const playSeconds = 6;

let server: TestServer;
let publisher: Publisher;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let browsers: BrowserPlayers;
let browser: Browser;
/** Good for as long as the test takes. */
let link: LinkView;

async function makeLink(name: string, expiresIn: string): Promise<LinkView> {
  const { code, stdout, stderr } = await server.command('streams', 'link', name, '--expires-in', expiresIn, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as LinkView;
}

beforeAll(async () => {
  server = await TestServer.start({
    env: { STREAMCTL_AUTH_PLAYBACK: 'signed', STREAMCTL_HTTP_THREADS: '2', STREAMCTL_LOG_LEVEL: 'trace' },
  });
  folder = await temporaryFolder('signed');
  const file = await makeLiveClip(folder.path, { keyframeSeconds: 1 }, 150);
  publisher = publishClip({ url: server.rtmpUrl, key: channel }, file);
  link = await makeLink(channel, '1h');
  await until('it is on air', async () => (await fetch(link.urls.hls)).ok);
  browsers = await BrowserPlayers.launch();
  browser = await launchBrowser();
});

afterAll(async () => {
  await publisher?.stop();
  await browsers?.close();
  await browser?.close();
  await server?.dispose();
  await folder?.remove();
});

async function openPage(path: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(server.httpUrl + path);
  return page;
}

test('without a link the page asks for one, the front page does not know the channel, and nothing of it is had', async () => {
  const page = await openPage(`/watch/${channel}`);
  await page.waitForSelector('body[data-state="link-missing"]');
  expect(await page.textContent('#card')).toContain('needs a link');
  expect(await (await fetch(server.httpUrl)).text()).not.toContain(channel);
  const { hls, ts, dash } = server.playback(channel);
  for (const url of [hls, ts, dash, `${server.httpUrl}/thumb/${channel}.jpg`]) {
    expect((await fetch(url)).status, url).toBe(401);
  }
  await page.close();
});

const engines: readonly { readonly name: string; readonly engine: Engine; readonly url: 'hls' | 'dash' }[] = [
  { name: 'hls.js', engine: 'hls.js', url: 'hls' },
  { name: 'shaka', engine: 'shaka', url: 'dash' },
  { name: 'dash.js', engine: 'dash.js', url: 'dash' },
];

/* At the same time, because a link that expires takes half a minute: whether anything stalls is asked elsewhere. */

test.concurrent.each(engines)(
  '$name plays behind a link and never leaves it',
  { retry: 1, timeout: 120_000 },
  async ({ engine, url }) => {
    const play = await browsers.start(engine, link.urls[url]);
    const asked: string[] = [];
    play.page.on('request', (request) => asked.push(request.url()));
    const report = await until('it has played', async () => {
      const now = await play.report();
      return now.playedSeconds >= playSeconds && now;
    });
    expect(report).toMatchObject({ errors: [], failedRequests: [], outsideRequests: [], reloads: 0 });
    const media = asked.filter((address) => address.startsWith(server.httpUrl));
    expect(media.length).toBeGreaterThan(3);
    for (const address of media) expect(address).toContain(`${server.httpUrl}/t/${link.token}/`);
    await play.close();
  },
);

test.concurrent('the watch page plays behind a link, and says so when that expires', async () => {
  // Until then there is half a minute, which clocks may differ by.
  const short = await makeLink(channel, '1s');
  const page = await openPage(new URL(short.urls.watch).pathname);
  await page.waitForSelector('body[data-state="live"]', { timeout: 20_000 });
  await page.waitForSelector('body[data-state="link-expired"]', { timeout: 50_000 });
  expect(Date.now() - Date.parse(short.expires_at)).toBeGreaterThan(29_000);
  const refused = await fetch(short.urls.hls);
  expect([refused.status, refused.headers.get('cache-control')]).toEqual([401, 'no-store']);
  expect(await refused.json()).toMatchObject({ code: 'ACCESS_PLAYBACK_TOKEN_EXPIRED' });
  await page.close();
});

test('the prober plays behind links of its own', async () => {
  const admin = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  // That something was slow or stale once tells of the machine, where browsers play.
  await eventually(async () => {
    const answer = await fetch(`${server.httpUrl}/metrics`, { headers: { authorization: `Bearer ${admin}` } });
    const text = await answer.text();
    const total = (name: string) => Number(new RegExp(`^streamctl_probe_${name} (\\d+)$`, 'm').exec(text)?.[1]);
    expect(total('success_total')).toBeGreaterThan(0);
    expect(total('failures_total{reason="refused"}')).toBe(0);
    expect(total('failures_total{reason="malformed"}')).toBe(0);
  });
});

test('a key says otherwise of its channel, and what it says holds within seconds', async () => {
  const admin = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const api = async (method: string, path: string, body: object) => {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    const answer = await fetch(server.httpUrl + path, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, await answer.clone().text()).toBe(true);
    return (await answer.json()) as { id: string };
  };
  const status = async () => (await fetch(server.playback(channel).hls)).status;
  const { id } = await api('POST', '/keys', { channel, policy: { playback: 'public' } });
  await until('it is open', async () => (await status()) === 200, 5000);
  await until('it is on the front page', async () =>
    (await (await fetch(server.httpUrl)).text()).includes(`/watch/${channel}`),
  );
  await api('PATCH', `/keys/${id}`, { policy: { playback: 'signed' } });
  await until('it is signed', async () => (await status()) === 401, 5000);
  expect((await fetch(link.urls.hls)).status).toBe(200);
});

test('another key is good as soon as it is read, and the one before until it is taken out', async () => {
  const file = join(server.dataFolder, 'playback.keys');
  const old = await readFile(file, 'utf8');
  const next = `next ${'5a'.repeat(32)}\n`;
  const reload = async (keys: string) => {
    await writeFile(file, keys);
    process.kill(server.processId, 'SIGHUP');
  };
  await reload(next + old);
  const fresh = await until('links are made with the next key', async () => {
    const made = await makeLink(channel, '1h');
    return Buffer.from(made.token.split('.')[0]!, 'base64url').includes('"next"') && made;
  });
  expect((await fetch(fresh.urls.hls)).status).toBe(200);
  expect((await fetch(link.urls.hls)).status).toBe(200);
  await reload('half a line');
  await until('the mistake is told', () => server.log.includes('ACCESS_PLAYBACK_KEYS_UNREADABLE'));
  expect((await fetch(link.urls.hls)).status).toBe(200);
  await reload(next);
  await until('the old one is good no more', async () => (await fetch(link.urls.hls)).status === 403);
  expect((await fetch(fresh.urls.hls)).status).toBe(200);
});

test('no token is in the log, whatever happened', () => {
  expect(server.log.length).toBeGreaterThan(1000);
  expect(server.log).not.toMatch(/eyJ[\w-]+\.[\w-]+/);
});
