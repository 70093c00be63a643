import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { streamctl, streamctlJson } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';

test('a link is made without a server too, with the keys that the next start finds', async () => {
  const folder = tempDir();
  await streamctlJson(folder, ['keys', 'create', 'show']);
  const link = await streamctlJson(folder, ['streams', 'link', 'show', '--expires-in', '90s']);
  expect(link.urls.watch).toContain(`/t/${link.token}/watch/show`);
  expect((Date.parse(link.expires_at) - Date.now()) / 1000).toBeGreaterThan(60);
  expect(statSync(join(folder, 'data', 'playback.keys')).mode & 0o777).toBe(0o600);
  const shown = await streamctl(folder, ['streams', 'link', 'show']);
  expect(shown.stdout).toMatch(/may watch until[\s\S]*\/watch\/show[\s\S]*\/embed\/show[\s\S]*manifest\.mpd/);
}, 30_000);

test('a slip in the name or in the time is told', async () => {
  const folder = tempDir();
  const unknown = await streamctl(folder, ['streams', 'link', 'nobody']);
  expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('nobody')]);
  const odd = await streamctl(folder, ['streams', 'link', 'nobody', '--expires-in', 'soon']);
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('wanted a duration')]);
}, 30_000);
