import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findFfmpeg } from '../../src/transcode/ffmpeg-lookup.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A program that says it is ffmpeg; for lists it answers `lists`. */
function pretend(version: string, lists = ' D  flv  mov h264 scale select pipe'): string {
  const folder = tempDir();
  const path = join(folder, 'ffmpeg');
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$2" in -version) echo "ffmpeg version ${version} Copyright";; *) echo "${lists}";; esac\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

test('the ffmpeg of the machine is found in PATH, with its version', async () => {
  const found = await findFfmpeg({ searchPath: process.env.PATH ?? '' });
  expect(found.path).toMatch(/^\/.*ffmpeg$/);
  expect(found.version).toMatch(/^\d+\.\d+/);
  expect(found.isBefore51).toBe(false);
});

test('where there is none, it says how to get one', async () => {
  await expect(findFfmpeg({ searchPath: tempDir() })).rejects.toMatchObject({
    code: 'TRANSCODE_FFMPEG_MISSING',
    remedy: expect.stringContaining('apt-get install ffmpeg'),
  });
  const configuredPath = '/nowhere/ffmpeg';
  await expect(findFfmpeg({ configuredPath, searchPath: '/usr/bin' })).rejects.toThrow('/nowhere/ffmpeg');
});

test('folders of PATH that are relative are passed over', async () => {
  await expect(findFfmpeg({ searchPath: '.:usr/bin:' })).rejects.toMatchObject({ code: 'TRANSCODE_FFMPEG_MISSING' });
});

test('a version that is too old is named', async () => {
  await expect(findFfmpeg({ configuredPath: pretend('4.3.6'), searchPath: '' })).rejects.toMatchObject({
    code: 'TRANSCODE_FFMPEG_OUTDATED',
    message: expect.stringContaining('4.3.6'),
  });
});

test('4.4 to 5.0 are driven with the option’s old name; newer ones and builds from a repository are not', async () => {
  for (const [version, isBefore51] of [
    ['4.4.2-0ubuntu0.22.04.1', true],
    ['5.0', true],
    ['n5.1.2', false],
    ['7.1', false],
    ['N-109542-g8ac84a9', false],
  ] as const) {
    const found = await findFfmpeg({ configuredPath: pretend(version), searchPath: '' });
    expect(found).toMatchObject({ version, isBefore51 });
  }
});

test('a build that lacks something says what, and what for', async () => {
  const configuredPath = pretend('6.0', ' D flv mov h264 scale pipe');
  await expect(findFfmpeg({ configuredPath, searchPath: '' })).rejects.toThrow(
    'it has no filter "select" to leave out frames',
  );
});

test('a program that is no ffmpeg is refused with its own words', async () => {
  await expect(findFfmpeg({ configuredPath: '/bin/false', searchPath: '' })).rejects.toMatchObject({
    code: 'TRANSCODE_FFMPEG_INCAPABLE',
  });
});
