import { expect, test } from 'vitest';
import { allSessions, type SessionScript, sessionScripts } from './sessions-script.ts';

test('as many sessions as are asked for, in whole waves as far as they go', () => {
  const all = sessionScripts(allSessions);
  const sizes = all.map((wave) => wave.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(allSessions);
  const few = sessionScripts(sizes[0]! + 2);
  expect(few.map((wave) => wave.length)).toEqual([sizes[0], 2]);
  expect(few[1]).toEqual(all[1]!.slice(0, 2));
  expect(sessionScripts(0)).toEqual([]);
  expect(sessionScripts(allSessions + 9)).toEqual(all);
});

test('every way to tell and to leave is in the scripts, and what happens to a network happens in order while somebody watches', () => {
  const scripts = sessionScripts(allSessions).flat();
  const has = (name: keyof SessionScript) => [...new Set(scripts.map((script) => script[name]))].sort();
  expect(has('telling')).toEqual(['events', 'headers', 'nothing', 'queries', 'reports']);
  expect(has('leaving')).toEqual(['closed', 'killed', 'navigated', 'vanished']);
  for (const { network, watchSeconds } of scripts) {
    const times = network.map(({ atSeconds }) => atSeconds);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((seconds) => seconds > 0 && seconds < watchSeconds)).toBe(true);
    if (network.length > 0) expect(network.at(-1)!.kbps).toBeNull();
  }
});
