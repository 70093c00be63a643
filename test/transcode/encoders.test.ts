import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseEncoder, tryEncoder } from '../../src/transcode/encoders.ts';
import type { Ffmpeg } from '../../src/transcode/ffmpeg-lookup.ts';
import { tempDir } from '../support/temp-dir.ts';

const real: Ffmpeg = { path: 'ffmpeg', version: '', isBefore51: false };

/** The real ffmpeg, after a line of shell. */
function behind(line: string): Ffmpeg {
  const path = join(tempDir(), 'ffmpeg');
  writeFileSync(path, `#!/bin/bash\n${line}\nexec ffmpeg "$@"\n`);
  chmodSync(path, 0o755);
  return { ...real, path };
}

/** The real ffmpeg, which hears another word than it is told. */
function replacing(told: string, heard: string): Ffmpeg {
  return behind(`exec ffmpeg "\${@/${told}/${heard}}"`);
}

test('x264 works', async () => {
  const trial = await tryEncoder(real, 'x264');
  expect(trial).toMatchObject({ encoder: 'x264', isUsable: true });
  expect(trial.tookMs).toBeLessThan(10_000);
});

test('x264 works with the option’s name of ffmpeg 4.4', async () => {
  expect(await tryEncoder({ ...real, isBefore51: true }, 'x264')).toMatchObject({ isUsable: true });
});

test('auto tries hardware first, says why each does not work, and ends with one that does', async () => {
  const { encoder, trials } = await chooseEncoder(real, 'auto');
  expect(encoder).toBeDefined();
  expect(trials.map((trial) => trial.encoder)).toEqual(
    ['nvenc', 'qsv', 'vaapi', 'v4l2m2m', 'x264'].slice(0, trials.length),
  );
  expect(trials.at(-1)).toMatchObject({ encoder, isUsable: true });
  for (const trial of trials.slice(0, -1)) {
    expect(trial.isUsable).toBe(false);
    expect(trial.why).toMatch(/\w{3}/);
    expect(trial.why).not.toMatch(/0x[0-9a-f]{6}/);
  }
});

test('an encoder that was asked for and does not work is replaced by x264', async () => {
  const ffmpeg = behind(
    'for arg in "$@"; do [ "$arg" = h264_nvenc ] && { echo "Cannot load libcuda.so.1" >&2; exit 1; }; done',
  );
  expect(await chooseEncoder(ffmpeg, 'nvenc')).toMatchObject({
    encoder: 'x264',
    trials: [{ encoder: 'nvenc', isUsable: false, why: 'Cannot load libcuda.so.1' }, { encoder: 'x264' }],
  });
});

test('where nothing works there is no encoder', async () => {
  const ffmpeg = behind('echo "broken" >&2; exit 1');
  const { encoder, trials } = await chooseEncoder(ffmpeg, 'auto');
  expect(encoder).toBeUndefined();
  expect(trials).toHaveLength(5);
});

test('an encoder that hangs is given up after the time limit', async () => {
  const trial = await tryEncoder(behind('exec sleep 60'), 'x264', { timeoutMs: 300 });
  expect(trial).toMatchObject({ isUsable: false, why: 'it did not finish within 0.3 s' });
});

test('an encoder that does not do as it is told is refused', async () => {
  const elsewhere = replacing('expr:eq(n,10)', 'expr:eq(n,12)');
  expect(await tryEncoder(elsewhere, 'x264')).toMatchObject({
    isUsable: false,
    why: 'it put keyframes at 0, 12, not where they were forced',
  });
  const otherProfile = replacing('main', 'high');
  expect((await tryEncoder(otherProfile, 'x264')).why).toMatch(/it made avc1\.64..1e where avc1\.4d401e was asked for/);
  const reordering = replacing('zerolatency', 'film');
  expect(await tryEncoder(reordering, 'x264')).toMatchObject({ isUsable: false });
});
