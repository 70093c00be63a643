import { expect, test } from 'vitest';
import type { SessionView } from '../../src/contract/sessions.ts';
import { CountCheck } from './sessions-count.ts';
import type { LedgerEntry } from './sessions-ledger.ts';
import type { SessionScript, Telling } from './sessions-script.ts';

type Viewer = ConstructorParameters<typeof CountCheck>[0][number];

const cameAtMs = 1_000_000;
const leftAtMs = cameAtMs + 60_000;

/** Plays a second after it came, and leaves after a minute if it does. */
function viewer(number: number, members: Partial<Viewer> & { telling?: Telling; leaves?: boolean } = {}): Viewer {
  const { telling = 'reports', leaves = false, ...others } = members;
  return {
    ...{ address: `127.0.${number}.1`, script: { telling } as SessionScript, wishedAtMs: cameAtMs },
    ...{ playsSinceMs: cameAtMs + 1000, cuts: [], saysGoodbye: false },
    entry: leaves ? ({ leftAtMs, goneAtMs: leftAtMs + 200 } as LedgerEntry) : undefined,
    ...others,
  };
}

function session(number: number, endedAtMs?: number): SessionView {
  const ended_at = endedAtMs === undefined ? null : new Date(endedAtMs).toISOString();
  return { network: `127.0.${number}.0/24`, ended_at } as SessionView;
}

/** One look of 100 ms at `atMs`: how many counts were certain, and what was wrong. */
function look(viewers: readonly Viewer[], atMs: number, sessions: readonly SessionView[], watching: number) {
  const check = new CountCheck(viewers, () => true);
  check.look(atMs, atMs + 100, sessions, watching);
  return { looks: check.looks, misses: check.misses.map((miss) => miss.replace(/^.*?Z: /, '')) };
}

test('who plays is counted, and a number too high or too low is told with both', () => {
  const viewers = [viewer(1), viewer(2)];
  const atMs = cameAtMs + 10_000;
  expect(look(viewers, atMs, [session(1), session(2)], 2)).toEqual({ looks: 2, misses: [] });
  expect(look(viewers, atMs, [session(1)], 3)).toEqual({
    ...{ looks: 2, misses: ['1 sessions go on, by the scripts 2', '3 watch, by the scripts 2'] },
  });
});

test('sessions that have ended, and those of other networks, do not go on', () => {
  const sessions = [session(1), session(1, cameAtMs), session(9)];
  expect(look([viewer(1)], cameAtMs + 10_000, sessions, 1)).toEqual({ looks: 2, misses: [] });
});

test('before anybody wished to watch nobody does, and while somebody comes nobody can say', () => {
  expect(look([viewer(1)], cameAtMs - 200, [], 0)).toEqual({ looks: 2, misses: [] });
  expect(look([viewer(1, { wishedAtMs: undefined })], cameAtMs, [], 0)).toEqual({ looks: 2, misses: [] });
  expect(look([viewer(1, { playsSinceMs: undefined })], cameAtMs + 50_000, [], 7).looks).toBe(0);
  expect(look([viewer(1)], cameAtMs + 3900, [], 7).looks).toBe(0);
  expect(look([viewer(1)], cameAtMs + 4000, [session(1)], 1).looks).toBe(2);
});

test('who says goodbye is gone when that is heard', () => {
  const viewers = [viewer(1, { leaves: true, saysGoodbye: true })];
  expect(look(viewers, leftAtMs - 200, [session(1)], 1)).toEqual({ looks: 2, misses: [] });
  expect(look(viewers, leftAtMs + 1000, [], 9).looks).toBe(0);
  expect(look(viewers, leftAtMs + 3300, [], 0)).toEqual({ looks: 2, misses: [] });
  expect(look(viewers, leftAtMs + 3300, [session(1)], 1).misses).toHaveLength(2);
});

test('who falls silent goes on as a session for half a minute, and as a viewer for some seconds', () => {
  const viewers = [viewer(1, { leaves: true })];
  // Its last sign may have been before it left; after a report it counts for longer.
  expect(look(viewers, leftAtMs + 400 - 200, [session(1)], 1)).toEqual({ looks: 2, misses: [] });
  expect(look(viewers, leftAtMs + 2000, [session(1)], 9)).toEqual({ looks: 1, misses: [] });
  expect(look(viewers, leftAtMs + 19_000, [session(1)], 0)).toEqual({ looks: 2, misses: [] });
  expect(look(viewers, leftAtMs + 19_000, [session(1)], 1).misses).toEqual(['1 watch, by the scripts 0']);
  expect(look(viewers, leftAtMs + 30_000, [], 0).looks).toBe(1);
  expect(look(viewers, leftAtMs + 33_300, [], 0)).toEqual({ looks: 2, misses: [] });
});

test('of who is cut off it is certain that its session goes on, and not whether it watches', () => {
  const cuts = [{ fromMs: cameAtMs + 10_000, toMs: cameAtMs + 20_000 }];
  const viewers = [viewer(1, { cuts })];
  expect(look(viewers, cameAtMs + 9000, [session(1)], 1).looks).toBe(2);
  expect(look(viewers, cameAtMs + 12_000, [session(1)], 0)).toEqual({ looks: 1, misses: [] });
  expect(look(viewers, cameAtMs + 22_900, [session(1)], 0)).toEqual({ looks: 1, misses: [] });
  expect(look(viewers, cameAtMs + 23_000, [session(1)], 0).misses).toEqual(['0 watch, by the scripts 1']);
});

test('whom a cache hides is left out, and then nobody can say how many watch', () => {
  const viewers = [viewer(1), viewer(2, { telling: 'nothing' })];
  const check = new CountCheck(viewers, (telling) => telling === 'reports');
  check.look(cameAtMs + 10_000, cameAtMs + 10_100, [session(1), session(2)], 9);
  expect([check.looks, check.misses]).toEqual([1, []]);
});
