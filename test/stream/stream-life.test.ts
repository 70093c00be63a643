import { expect, test } from 'vitest';
import {
  isTransitionLegal,
  type StreamState,
  streamEndReasons,
  streamStates,
} from '../../src/contract/stream-state.ts';
import { StreamLife } from '../../src/stream/stream-life.ts';
import { ManualClock } from '../support/manual-clock.ts';

const graceMs = 30_000;
const pendingTimeoutMs = 300_000;

function lifeIn(state: StreamState, clock = new ManualClock()): StreamLife {
  const life = new StreamLife({ clock, graceMs, pendingTimeoutMs });
  if (state === 'PENDING_INGEST') return life;
  if (state !== 'ENDED_GRACEFULLY') life.begin();
  if (state === 'ENDED_GRACEFULLY') life.end(state, 'cancelled');
  if (state === 'ERROR') life.end(state, 'publisher_lost');
  return life;
}

test('a stream ends in no other way than the table has, from whichever state', () => {
  const steps = streamStates.flatMap((from) =>
    streamStates.flatMap((to) => streamEndReasons.map((reason) => ({ from, to, reason }))),
  );
  for (const { from, to, reason } of steps) {
    const life = lifeIn(from);
    const end = () => life.end(to, reason);
    if (isTransitionLegal(from, to, reason)) {
      end();
      expect(life.state).toBe(to);
    } else {
      expect(end, `${from} to ${to} (${reason})`).toThrow('cannot go from');
      expect(life.state).toBe(from);
    }
  }
});

test('media begins a stream once, and resumes one that was interrupted', () => {
  const life = lifeIn('PENDING_INGEST');
  expect([life.begin(), life.begin()]).toEqual(['started', undefined]);
  expect([life.interrupt(), life.interrupt()]).toEqual([true, false]);
  expect(life.interruptedSinceMs).toBeDefined();
  expect([life.begin(), life.begin()]).toEqual(['resumed', undefined]);
  expect(life.interruptedSinceMs).toBeUndefined();
});

test('a stream that was taken up waits for its publisher for the whole grace', () => {
  const clock = new ManualClock();
  const life = new StreamLife({ clock, graceMs, pendingTimeoutMs, isRestored: true });
  expect(life.state).toBe('ACTIVE');
  expect(life.interruptedSinceMs).toBe(clock.wallMs());
  clock.advance(graceMs - 1);
  expect(life.overdue).toBeUndefined();
  clock.advance(1);
  expect(life.overdue).toBe('publisher_lost');
});

test('one that waits for its first publisher waits for what is left since it was announced', () => {
  const clock = new ManualClock();
  const createdAtMs = clock.wallMs() - 290_000;
  const life = new StreamLife({ clock, graceMs, pendingTimeoutMs, createdAtMs });
  clock.advance(9999);
  expect(life.overdue).toBeUndefined();
  clock.advance(1);
  expect(life.overdue).toBe('no_publisher');
});

test.each([
  ['lies in the future', +3_600_000, pendingTimeoutMs],
  ['is long past', -3_600_000, 0],
])(
  'a wait whose beginning %s, because a clock was set, is neither longer nor over before it began',
  (_, offMs, waitMs) => {
    const clock = new ManualClock();
    const life = new StreamLife({ clock, graceMs, pendingTimeoutMs, createdAtMs: clock.wallMs() + offMs });
    clock.advance(Math.max(0, waitMs - 1));
    expect(life.overdue).toBe(waitMs === 0 ? 'no_publisher' : undefined);
    clock.advance(1);
    expect(life.overdue).toBe('no_publisher');
  },
);
