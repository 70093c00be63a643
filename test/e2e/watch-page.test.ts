import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confine, launchBrowser } from '../support/players/browser.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await TestServer.start();
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.dispose();
});

test('the watch page starts with the broadcast, bridges an interruption, ends with it and plays the next', async () => {
  const page = await (await browser.newContext()).newPage();
  const { outsideRequests } = await confine(page, [server.httpUrl]);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) problems.push(message.text());
  });
  const isState = (state: string, timeout = 20_000) => page.waitForSelector(`body[data-state="${state}"]`, { timeout });
  await page.goto(server.playback('page').watch);
  await isState('offline');

  const target = { url: server.rtmpUrl, key: 'page' };
  let publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await server.isOnAir('page');
  await isState('live', 8000);
  await until('latency is low', async () => Number.parseFloat((await page.textContent('#latency')) ?? '') < 3.5);
  expect(await page.textContent('#playing-quality')).toBe('360p');

  await publisher.kill();
  await isState('interrupted');
  publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await isState('live');

  await publisher.stop();
  await isState('ended');
  publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await isState('live', 30_000);
  await publisher.stop();
  expect(outsideRequests).toEqual([]);
  expect(problems).toEqual([]);
}, 120_000);
