import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(`${root}/docs/architecture.md`, 'utf8');

/** Rows of the table under a heading. */
function rowsUnder(heading: string): string[] {
  const [, behind = ''] = text.split(`\n${heading}\n`);
  const [section = ''] = behind.split('\n## ');
  return section.split('\n').filter((line) => line.startsWith('| ') && !/^\| (fault|---)/.test(line));
}

/** Each file in the last column, and the sentences behind it. */
function shownBy(row: string): { file: string; sentence: string }[] {
  const column = row.split('|').at(-2) ?? '';
  return [...column.matchAll(/`(\S+\.test\.ts)`((?:,? "[^"]+")+)/g)].flatMap(([, file = '', sentences = '']) =>
    [...sentences.matchAll(/"([^"]+)"/g)].map(([, sentence = '']) => ({ file, sentence })),
  );
}

test.each([
  ['### What can happen to it', 15],
  ['## What can go wrong', 35],
])('each fault of the table "%s" is shown by a test that says so', (heading, least) => {
  const rows = rowsUnder(heading);
  expect(rows.length).toBeGreaterThan(least);
  for (const row of rows) expect(shownBy(row), row).not.toEqual([]);
  const untrue = rows
    .flatMap(shownBy)
    .filter(({ file, sentence }) => !readFileSync(`${root}/test/${file}`, 'utf8').includes(sentence));
  expect(untrue).toEqual([]);
});
