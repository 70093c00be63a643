import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FixtureServer, folderRoute, startFixtureServer } from '../support/fixture-server.ts';
import { startLiveFixture } from '../support/live-fixture.ts';
import { confine, launchBrowser } from '../support/players/browser.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';
import { webRoute } from '../support/web-route.ts';

let browser: Browser;
let server: FixtureServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder('watch-page');
  server = await startFixtureServer(webRoute(), folderRoute('/hls/show/', folder.path));
  browser = await launchBrowser({ canAutoplay: false });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await folder?.remove();
});

async function open(path: string): Promise<{ page: Page; outsideRequests: string[]; problems: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) problems.push(message.text());
  });
  const { outsideRequests } = await confine(page, [server.url]);
  await page.goto(server.url + path);
  return { page, outsideRequests, problems };
}

const isState = (page: Page, state: string) => page.waitForSelector(`body[data-state="${state}"]`, { timeout: 40_000 });
const positionOf = (page: Page) => page.$eval('video', (video) => (video as HTMLVideoElement).currentTime);

test('the page waits, plays, says that it ended, and plays the next broadcast, without being touched', async () => {
  const { page, outsideRequests, problems } = await open('/watch/show');
  await isState(page, 'offline');
  expect(await page.textContent('#card')).toContain('starts by itself');

  const first = await startLiveFixture({ folder: folder.path, broadcast: 'first', format: 'hls-fmp4' });
  await isState(page, 'live');
  const startedAt = await positionOf(page);
  await until('the picture moves', async () => (await positionOf(page)) > startedAt + 1);
  await eventually(async () => {
    expect(await page.textContent('#latency')).toMatch(/\d s/);
    expect(await page.textContent('#playing-quality')).toBe('360p');
    expect(await page.textContent('#bitrate')).toMatch(/bit\/s$/);
  });

  // A viewer who comes now, and has touched nothing, gets the picture at once and a button for the sound.
  const late = await open('/embed/show');
  await late.page.waitForSelector('#unmute:visible', { timeout: 40_000 });
  await until('the picture moves', async () => (await positionOf(late.page)) > 0.5);
  await first.stop('SIGINT');
  await isState(page, 'ended');
  await isState(late.page, 'ended');
  const second = await startLiveFixture({ folder: folder.path, broadcast: 'second', format: 'hls-fmp4' });
  await isState(page, 'live');
  // Still silent, it still has the button.
  await isState(late.page, 'live');
  await late.page.waitForSelector('#unmute:visible');
  await late.page.click('#unmute');
  expect(await late.page.$eval('video', (video) => (video as HTMLVideoElement).muted)).toBe(false);
  await late.page.waitForSelector('#unmute', { state: 'hidden' });
  await late.page.close();
  await second.stop();
  expect(outsideRequests).toEqual([]);
  expect(problems).toEqual([]);
});

test('the keyboard reaches every control, and keys work on the page', async () => {
  const encoder = await startLiveFixture({ folder: folder.path, broadcast: 'third', format: 'hls-fmp4' });
  const { page } = await open('/watch/show');
  await isState(page, 'live');
  const video = () =>
    page.$eval('video', (element) => {
      const { paused, muted } = element as HTMLVideoElement;
      return { paused, muted };
    });
  await page.keyboard.press('k');
  await until('k pauses', async () => (await video()).paused);
  await page.keyboard.press('k');
  await until('k plays', async () => !(await video()).paused);
  const before = (await video()).muted;
  await page.keyboard.press('m');
  await until('m switches the sound', async () => (await video()).muted !== before);
  const reached = new Set<string>();
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement?.id ?? ''));
  }
  for (const id of ['copy', 'play', 'mute', 'live', 'fullscreen']) expect(reached, id).toContain(id);
  await encoder.stop();
});
