import { beforeEach, describe, expect, test } from 'vitest';
import type { RecentAudience, RecentSession, WatchingSession } from '../../src/analytics/ports.ts';
import { noQoe, QoeWindow } from '../../src/live/qoe-window.ts';
import { ManualClock } from '../support/manual-clock.ts';

const minuteMs = 60_000;

let clock: ManualClock;
let window: QoeWindow;

beforeEach(() => {
  clock = new ManualClock();
  window = new QoeWindow(clock);
});

function look(audience: Partial<RecentAudience>): void {
  window.look({ watching: [], sessions: [], watchMs: 0, stallMs: 0, ...audience }, []);
}

/** One that began `agoMs` ago and is heard of now. */
function session(agoMs: number, members: Partial<RecentSession> = {}): RecentSession {
  const nowMs = clock.wallMs();
  return { startedAtMs: nowMs - agoMs, seenAtMs: nowMs, startupMs: undefined, startupSource: undefined, ...members };
}

test('before anybody watches, nothing is known', () => {
  expect(window.isEmpty).toBe(true);
  expect(window.figures()).toEqual(noQoe);
});

describe('the share of time that pictures stood still', () => {
  test('is what came to it between looks', () => {
    look({ watchMs: 9000, stallMs: 0 });
    expect(window.figures().rebuffer_ratio).toBeNull();
    clock.advance(5000);
    look({ watchMs: 16_000, stallMs: 2000 });
    expect(window.figures().rebuffer_ratio).toBeCloseTo(2000 / 9000, 4);
  });

  test('is of the last five minutes', () => {
    look({});
    clock.advance(5000);
    look({ stallMs: 5000 });
    expect(window.figures().rebuffer_ratio).toBe(1);
    for (let minute = 1; minute <= 5; minute++) {
      clock.advance(minuteMs);
      look({ watchMs: minute * minuteMs, stallMs: 5000 });
    }
    expect(window.figures().rebuffer_ratio).toBe(0);
  });

  test('goes on where nobody had watched for so long that the audience is another one', () => {
    look({ watchMs: 40 * minuteMs, stallMs: 20 * minuteMs });
    clock.advance(minuteMs);
    look({ watchMs: 4000, stallMs: 1000 });
    expect(window.figures().rebuffer_ratio).toBe(0.2);
  });
});

describe('start-up times', () => {
  test('are of the best source that there is, and not mixed', () => {
    const sessions = [
      session(3000, { startupMs: 9000, startupSource: 'est' }),
      session(3000, { startupMs: 500, startupSource: 'beacon' }),
      session(3000, { startupMs: 700, startupSource: 'beacon' }),
    ];
    look({ sessions });
    expect(window.figures().startup_ms).toEqual({ p50: 500, p95: 700 });
  });

  test('count for five minutes from the start of a session', () => {
    const begun = session(0, { startupMs: 500, startupSource: 'msd' });
    look({ sessions: [begun] });
    expect(window.figures()).toMatchObject({ sessions: 1, startup_ms: { p50: 500, p95: 500 } });
    clock.advance(5 * minuteMs + 1);
    look({ sessions: [{ ...begun, seenAtMs: clock.wallMs() }] });
    expect(window.figures()).toMatchObject({ sessions: 1, startup_ms: { p50: null, p95: null } });
  });
});

test('who has gone is among the sessions for five minutes more', () => {
  const sessions = [session(1000)];
  look({ sessions });
  clock.advance(5 * minuteMs);
  look({ sessions });
  expect(window.figures().sessions).toBe(1);
  clock.advance(1);
  look({ sessions });
  expect(window.isEmpty).toBe(true);
});

test('viewers are grouped by player and country, and have the bit rate of their quality', () => {
  const rendition = (name: string, bitrate: number) => ({ name, bitrate_bps: bitrate }) as never;
  const viewer = { player: 'Chrome', country: 'DE', rendition: '720p', latencyMs: 1500 };
  const watching: WatchingSession[] = [
    { ...viewer, player: 'VLC', country: 'FR' },
    { ...viewer, rendition: '360p', latencyMs: 900.4 },
    { ...viewer, rendition: undefined, latencyMs: undefined },
  ];
  const renditions = [rendition('720p', 3_000_000), rendition('360p', 800_000)];
  window.look({ watching, sessions: [], watchMs: 0, stallMs: 0 }, renditions);
  expect(window.players).toEqual([
    { name: 'Chrome', viewers: 2 },
    { name: 'VLC', viewers: 1 },
  ]);
  expect(window.countries).toEqual([
    { name: 'DE', viewers: 2 },
    { name: 'FR', viewers: 1 },
  ]);
  expect(window.figures()).toMatchObject({
    bitrate_bps: { p50: 800_000, p95: 3_000_000 },
    latency_ms: { p50: 900, p95: 1500 },
  });
});
