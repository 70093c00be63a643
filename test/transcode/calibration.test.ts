import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { calibrate } from '../../src/transcode/calibration.ts';
import { costsWith, referenceCosts } from '../../src/transcode/cost-model.ts';
import type { Ffmpeg } from '../../src/transcode/ffmpeg-lookup.ts';
import { tempDir } from '../support/temp-dir.ts';

const ffmpeg: Ffmpeg = { path: 'ffmpeg', version: '5.1.9', isBefore51: false };
const broken: Ffmpeg = { ...ffmpeg, path: '/bin/false' };

test('costs are measured once and kept for the same ffmpeg on the same processor', async () => {
  const cachePath = join(tempDir(), 'deep', 'transcode-cost.json');
  const measured = await calibrate({ ffmpeg, cachePath, cpuModel: 'A' });
  expect(measured).toMatchObject({ origin: 'measured' });
  expect(measured.costs.encodePerMegapixel).toBeGreaterThan(0.0005);
  expect(measured.costs.encodePerMegapixel).toBeLessThan(0.1);
  expect(JSON.parse(readFileSync(cachePath, 'utf8'))).toMatchObject({ ffmpeg_version: '5.1.9', cpu_model: 'A' });
  const again = await calibrate({ ffmpeg: broken, cachePath, cpuModel: 'A' });
  expect(again).toEqual({ ...measured, origin: 'cached' });
  for (const other of [
    { ffmpeg: { ...broken, version: '7.1' }, cpuModel: 'A' },
    { ffmpeg: broken, cpuModel: 'B' },
  ]) {
    expect(await calibrate({ ...other, cachePath })).toMatchObject({ origin: 'assumed' });
  }
});

test('where it cannot be measured the reference machine’s costs are taken, with the reason', async () => {
  const cachePath = join(tempDir(), 'cost.json');
  writeFileSync(cachePath, '{"cost_ratio": "a lot"}');
  const { costs, origin, why } = await calibrate({ ffmpeg: broken, cachePath });
  expect({ costs, origin }).toEqual({ costs: referenceCosts, origin: 'assumed' });
  expect(why).toMatch(/the trial encode failed/);
});

test('what a device encodes costs the processor a fraction, and decoding the same', () => {
  const costs = costsWith('nvenc', referenceCosts);
  expect(costs.encodePerMegapixel).toBeLessThan(referenceCosts.encodePerMegapixel / 5);
  expect(costs.decodePerMegapixel).toBe(referenceCosts.decodePerMegapixel);
});
