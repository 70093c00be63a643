import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const section = /### What can happen to it\n([\s\S]*?)\n## /.exec(
  readFileSync(`${root}/docs/architecture.md`, 'utf8'),
)?.[1];

/** Each file in the last column, and the sentences behind it. */
function shownBy(row: string): { file: string; sentence: string }[] {
  const column = row.split('|').at(-2) ?? '';
  return [...column.matchAll(/`(\S+\.test\.ts)`((?:,? "[^"]+")+)/g)].flatMap(([, file = '', sentences = '']) =>
    [...sentences.matchAll(/"([^"]+)"/g)].map(([, sentence = '']) => ({ file, sentence })),
  );
}

const rows = (section ?? '').split('\n').filter((line) => line.startsWith('| ') && !/^\| (fault|---)/.test(line));

test('each fault of the table is shown by a test that says so', () => {
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) expect(shownBy(row), row).not.toEqual([]);
  const untrue = rows
    .flatMap(shownBy)
    .filter(({ file, sentence }) => !readFileSync(`${root}/test/${file}`, 'utf8').includes(sentence));
  expect(untrue).toEqual([]);
});
