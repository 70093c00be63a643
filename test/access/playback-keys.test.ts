import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPlaybackKeys } from '../../src/access/playback-keys.ts';
import { tempDir } from '../support/temp-dir.ts';

const path = () => join(tempDir(), 'deep', 'playback.keys');

test('the first start makes one key of 256 random bits, which nobody else may read, and the next finds it', () => {
  const file = path();
  const made = loadPlaybackKeys({ path: file, mayCreate: true });
  expect(made).toHaveLength(1);
  expect(made[0]?.secret).toHaveLength(64);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(loadPlaybackKeys({ path: file, mayCreate: true })).toEqual(made);
  expect(loadPlaybackKeys({ path: path(), mayCreate: true })[0]?.secret).not.toEqual(made[0]?.secret);
});

test('several keys are read in their order', () => {
  const file = join(tempDir(), 'keys');
  writeFileSync(file, `# new\nnew ${'ab'.repeat(32)}\n\nold\t${'cd'.repeat(32)} # until May\n`, { mode: 0o600 });
  const keys = loadPlaybackKeys({ path: file, mayCreate: false });
  expect(keys.map(({ kid, secret }) => [kid, Buffer.from(secret).toString()])).toEqual([
    ['new', 'ab'.repeat(32)],
    ['old', 'cd'.repeat(32)],
  ]);
});

test('what cannot be used is refused without repeating it', () => {
  const file = join(tempDir(), 'keys');
  const load = (text: string) => {
    writeFileSync(file, text, { mode: 0o600 });
    return () => loadPlaybackKeys({ path: file, mayCreate: false });
  };
  const secret = 'ab'.repeat(32);
  for (const text of ['', 'k', `k ${secret}0`, `k ${secret.slice(1)}`, `k ${secret}\nk ${secret}`, `k! ${secret}`]) {
    expect(load(text)).toThrow(expect.objectContaining({ code: 'ACCESS_PLAYBACK_KEYS_UNREADABLE' }));
  }
  expect(load(`k ${secret}0`)).not.toThrow(secret);
  expect(() => loadPlaybackKeys({ path: join(tempDir(), 'none'), mayCreate: false })).toThrow('ENOENT');
  const loadGood = load(`k ${secret}`);
  chmodSync(file, 0o640);
  expect(loadGood).toThrow('chmod 600');
  expect(readFileSync(file, 'utf8')).toContain(secret);
});
