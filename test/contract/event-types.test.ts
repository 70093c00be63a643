import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { eventTypeNames, eventTypes, matchesEventPattern } from '../../src/contract/event-types.ts';

const root = resolve(import.meta.dirname, '../../src');

test('every type is written somewhere, and every type that is written is in the catalogue', () => {
  const topics = new Set(eventTypeNames.map((name) => name.split('.')[0]));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      path.endsWith('.ts') && !path.startsWith('config/') && !path.startsWith('web/') && !path.includes('event-'),
  );
  const written = new Set<string>();
  for (const path of files) {
    for (const [, name = '', topic = ''] of readFileSync(join(root, path), 'utf8').matchAll(/'(([a-z]+)\.[a-z_]+)'/g)) {
      if (topics.has(topic)) written.add(name);
    }
  }
  expect([...written].filter((name) => name !== 'ladder.mode').toSorted()).toEqual([...eventTypeNames].toSorted());
});

test.each(Object.entries(eventTypes))('%s is told of in a sentence', (name, { meaning }) => {
  expect(name).toMatch(/^[a-z]+\.[a-z_]+$/);
  expect(meaning).toMatch(/^[A-Z].*\.$/);
});

test.each([
  ['*', 'stream.started', true],
  ['stream.*', 'stream.started', true],
  ['stream.started', 'stream.started', true],
  ['stream.*', 'streams.started', false],
  ['stream.start*', 'stream.started', false],
  ['stream', 'stream.started', false],
  ['authorize', 'stream.started', false],
  ['.*', 'stream.started', false],
])('the pattern %s means %s: %s', (pattern, name, isMeant) => {
  expect(matchesEventPattern(pattern, name)).toBe(isMeant);
});
