import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/child.ts';
import { confine, launchBrowser } from '../support/players/browser.ts';
import { publishClip, publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await TestServer.start();
  browser = await launchBrowser();
});

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
  const isState = (state: string, timeout = 40_000) => page.waitForSelector(`body[data-state="${state}"]`, { timeout });
  await page.goto(server.playback('page').watch);
  await isState('offline');

  const target = { url: server.rtmpUrl, key: 'page' };
  let publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await server.isOnAir('page');
  await isState('live', 12_000); // it asks every five seconds at least
  await until('latency is low', async () => Number.parseFloat((await page.textContent('#latency')) ?? '') < 3.5);
  await until('its quality is told', async () => (await page.textContent('#playing-quality')) === '360p');

  await publisher.kill();
  await isState('interrupted');
  publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await isState('live');

  await publisher.stop();
  await isState('ended');
  publisher = publishTestPicture(target, 120, { keyframeSeconds: 1 });
  await isState('live');
  await publisher.stop();
  expect(outsideRequests).toEqual([]);
  expect(problems).toEqual([]);
});

test('a broadcast whose picture outlasts its sound ends on the page too', async () => {
  const folder = await temporaryFolder('picture-outlasts');
  const file = join(folder.path, 'clip.flv');
  const made = await run('ffmpeg', [
    ...['-loglevel', 'error', '-f', 'lavfi', '-t', '10.6', '-i', 'testsrc2=size=320x180:rate=30'],
    ...['-f', 'lavfi', '-t', '10.5', '-i', 'sine=frequency=300:sample_rate=48000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '30', '-c:a', 'aac', file],
  ]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.playback('outlasts').watch);
  await page.waitForSelector('body[data-state="offline"]');
  const publisher = publishClip({ url: server.rtmpUrl, key: 'outlasts' }, file);
  await page.waitForSelector('body[data-state="live"]', { timeout: 40_000 });
  await page.waitForSelector('body[data-state="ended"]', { timeout: 40_000 });
  await publisher.ended;
  await folder.remove();
});
