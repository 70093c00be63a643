import { beforeEach, describe, expect, test } from 'vitest';
import { noQoe, QoeWindow } from '../../src/live/qoe-window.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someSession } from '../support/rows.ts';

const minuteMs = 60_000;

let clock: ManualClock;
let window: QoeWindow;

beforeEach(() => {
  clock = new ManualClock();
  window = new QoeWindow(clock);
});

/** One that began `agoMs` ago and is heard of now. */
function session(id: string, agoMs: number, members: Partial<SessionRow> = {}): SessionRow {
  const nowMs = clock.wallMs();
  return someSession({ id, startedAtMs: nowMs - agoMs, seenAtMs: nowMs, ...members });
}

test('before anybody watches, nothing is known', () => {
  expect(window.isEmpty).toBe(true);
  expect(window.figures()).toEqual(noQoe);
});

describe('the share of time that pictures stood still', () => {
  test('is what came to it between looks, of all sessions', () => {
    window.look([session('a', 10_000, { watchMs: 9000, stallMs: 0 })], []);
    expect(window.figures().rebuffer_ratio).toBeNull();
    clock.advance(5000);
    const nextRows = [
      session('a', 15_000, { watchMs: 13_000, stallMs: 1000 }),
      session('b', 4000, { watchMs: 3000, stallMs: 1000 }),
    ];
    window.look(nextRows, []);
    expect(window.figures().rebuffer_ratio).toBeCloseTo(2000 / 9000, 4);
  });

  test('is of the last five minutes', () => {
    window.look([session('a', 0, { watchMs: 0, stallMs: 0 })], []);
    clock.advance(5000);
    window.look([session('a', 5000, { watchMs: 0, stallMs: 5000 })], []);
    expect(window.figures().rebuffer_ratio).toBe(1);
    for (let minute = 1; minute <= 5; minute++) {
      clock.advance(minuteMs);
      window.look([session('a', 5000 + minute * minuteMs, { watchMs: minute * minuteMs, stallMs: 5000 })], []);
    }
    expect(window.figures().rebuffer_ratio).toBe(0);
  });

  test('counts what a session does from now on that began under an earlier server', () => {
    window.look([], []);
    window.look([session('old', 60 * minuteMs, { watchMs: 40 * minuteMs, stallMs: 20 * minuteMs })], []);
    expect(window.figures().rebuffer_ratio).toBeNull();
    clock.advance(5000);
    window.look([session('old', 60 * minuteMs, { watchMs: 40 * minuteMs + 4000, stallMs: 20 * minuteMs + 1000 })], []);
    expect(window.figures().rebuffer_ratio).toBe(0.2);
  });
});

describe('start-up times', () => {
  test('are of the best source that there is, and not mixed', () => {
    const rows = [
      session('guessed', 3000, { startupMs: 9000, startupSource: 'est' }),
      session('told', 3000, { startupMs: 500, startupSource: 'beacon' }),
      session('told too', 3000, { startupMs: 700, startupSource: 'beacon' }),
    ];
    window.look(rows, []);
    expect(window.figures().startup_ms).toEqual({ p50: 500, p95: 700 });
  });

  test('that become known later are taken, and replaced by better ones', () => {
    window.look([session('a', 1000, { startupMs: null, startupSource: null })], []);
    expect(window.figures().startup_ms).toEqual({ p50: null, p95: null });
    window.look([session('a', 2000, { startupMs: 900, startupSource: 'msd' })], []);
    expect(window.figures().startup_ms).toEqual({ p50: 900, p95: 900 });
    window.look([session('a', 3000, { startupMs: 812, startupSource: 'beacon' })], []);
    expect(window.figures().startup_ms).toEqual({ p50: 812, p95: 812 });
  });

  test('count for five minutes from the start of a session', () => {
    window.look([session('a', 0, { startupMs: 500 })], []);
    clock.advance(5 * minuteMs + 1);
    window.look([session('a', 5 * minuteMs + 1, { startupMs: 500 })], []);
    expect(window.figures()).toMatchObject({ sessions: 1, startup_ms: { p50: null, p95: null } });
  });
});

test('who has gone is among the sessions for five minutes more', () => {
  window.look([session('a', 1000), session('b', 1000)], []);
  clock.advance(5 * minuteMs);
  window.look([session('b', 5 * minuteMs)], []);
  expect(window.figures().sessions).toBe(2);
  clock.advance(1);
  window.look([session('b', 5 * minuteMs)], []);
  expect(window.figures().sessions).toBe(1);
  clock.advance(5 * minuteMs + 1);
  window.look([], []);
  expect(window.isEmpty).toBe(true);
});

test('viewers are grouped by player and country, and have the bit rate of their quality', () => {
  const rendition = (name: string, bitrate: number) => ({ name, bitrate_bps: bitrate }) as never;
  const rows = [
    session('a', 1000, { player: 'VLC', country: 'FR' }),
    session('b', 1000, { qualities: [{ atMs: 1000, rendition: '360p', reason: 'abr' }] }),
    session('c', 1000, { qualities: [] }),
  ];
  window.look(rows, [rendition('720p', 3_000_000), rendition('360p', 800_000)]);
  expect(window.players).toEqual([
    { name: 'Chrome', viewers: 2 },
    { name: 'VLC', viewers: 1 },
  ]);
  expect(window.countries).toEqual([
    { name: 'DE', viewers: 2 },
    { name: 'FR', viewers: 1 },
  ]);
  expect(window.figures().bitrate_bps).toEqual({ p50: 800_000, p95: 3_000_000 });
});
