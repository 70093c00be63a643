import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorCatalog } from '../../src/base/error-catalog.ts';
import { explanationOf, explanations, explanationText, findingExplanations } from '../../src/cli/explain.ts';
import { referenceFiles } from '../../src/cli/reference.ts';
import { parseConfigFile } from '../../src/config/file.ts';
import { readConfigTree } from '../../src/config/leaves.ts';
import { buildConfig } from '../../src/config/load.ts';

const root = resolve(import.meta.dirname, '../..');

test.each(referenceFiles())('$path is what the code says (npm run docs writes it)', ({ path, text }) => {
  expect(readFileSync(resolve(root, path), 'utf8')).toBe(text);
});

test('the default file names every value and changes nothing', () => {
  const text = readFileSync(resolve(root, 'config/streamctl.yaml'), 'utf8');
  const sources = { env: {}, cwd: '/srv' };
  const loaded = buildConfig(sources, parseConfigFile('streamctl.yaml', text));
  expect(loaded.config).toEqual(buildConfig(sources, undefined).config);
  expect(loaded.values.map(({ from }) => from)).toEqual(
    readConfigTree().leaves.map(() => expect.stringMatching(/^streamctl\.yaml:\d+$/)),
  );
  const lines = text.split('\n');
  for (const { path, from } of loaded.values) {
    const line = lines[Number(from.split(':')[1]) - 1];
    expect(line?.trim().startsWith(`${path.split('.').at(-1)}:`)).toBe(true);
  }
});

describe('every error', () => {
  test.each(explanations())(
    '$code tells what happened and what to do',
    ({ code, meaning, remedy, http_status, exit_code }) => {
      expect(code).toMatch(/^[A-Z0-9]+(_[A-Z0-9]+)+$/);
      expect(meaning).toMatch(/\S/);
      expect(meaning).not.toMatch(/undefined|\[object|NaN/);
      expect(remedy.length).toBeGreaterThan(5);
      expect(http_status).toBeGreaterThanOrEqual(400);
      expect([1, 2, 3, 4, 5]).toContain(exit_code);
    },
  );

  test('is explained', () => {
    expect(explanations()).toHaveLength(Object.keys(errorCatalog).length);
  });
});

describe('every finding of doctor', () => {
  test.each(findingExplanations())('$code tells what was found, what it does and what helps', (explanation) => {
    const { code, meaning, why, remedy } = explanation;
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(meaning).toMatch(/\S/);
    expect(`${meaning} ${why} ${remedy}`).not.toMatch(/undefined|\[object|NaN/);
    expect(why === '' && remedy !== '').toBe(false);
    expect(explanationOf(code.toUpperCase())).toEqual(explanation);
  });

  test('has a code of its own', () => {
    const codes = findingExplanations().map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('is explained in the words that doctor has for it', () => {
    expect(explanationText(explanationOf('keyframes-far-apart'))).toMatch(
      /Keyframes come only every <number> s\.[\s\S]*Segments are that long[\s\S]*Keyframe Interval/,
    );
    expect(explanationText(explanationOf('disk-slow'))).toMatch(/The disk is slow\.[\s\S]*local SSD/);
    expect(() => explanationOf('disk-slwo')).toThrow(/disk-slow/);
  });
});
