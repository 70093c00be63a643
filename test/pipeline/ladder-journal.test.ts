import pino from 'pino';
import { expect, test } from 'vitest';
import { LadderJournal } from '../../src/pipeline/ladder-journal.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const events: unknown[][] = [];
  const records = { ladderChanged: (...args: unknown[]) => void events.push(args), reached: () => {} };
  return { clock, events, journal: new LadderJournal(pino({ level: 'silent' }), records, clock) };
}

const withheld = [{ name: '720p', why: 'it is too dear' }];

test('a decision of the budget is one event, until it changes', () => {
  const { journal, events } = setUp();
  journal.planned({ id: 'st_a', offered: ['480p'], withheld });
  journal.planned({ id: 'st_a', offered: ['480p'], withheld: [{ name: '720p', why: 'and dearer still' }] });
  journal.planned({ id: 'st_b', offered: [], withheld: [] });
  journal.planned({ id: 'st_a', offered: ['720p', '480p'], withheld: [] });
  expect(events).toEqual([
    ['st_a', 'ladder.planned', { rungs: ['480p'], withheld: [{ rung: '720p', why: 'it is too dear' }] }, ['480p']],
    ['st_b', 'ladder.planned', { rungs: [], withheld: [] }, []],
    ['st_a', 'ladder.planned', { rungs: ['720p', '480p'], withheld: [] }, ['720p', '480p']],
  ]);
});

test('only transitions are events: a rung withdrawn and back, a ladder degraded and recovered', () => {
  const { journal, events } = setUp();
  const degraded = { type: 'degraded', reason: 'exited', why: 'code 3', retryInMs: 30_000 } as const;
  journal.rung('st_a', '480p', 'starting', 'wanted');
  journal.rung('st_a', '480p', 'live', 'frames come out');
  journal.rung('st_a', '480p', 'withdrawn', 'code 3');
  journal.rung('st_a', '480p', 'withdrawn', 'code 3');
  for (let again = 0; again < 3; again++) journal.notice('st_a', degraded);
  journal.rung('st_a', '480p', 'live', 'frames come out');
  journal.notice('st_a', { type: 'recovered', afterMs: 31_000, skippedMs: 33 });
  journal.notice('st_a', degraded);
  journal.notice('st_a', { type: 'log', line: { level: 'error', text: 'x' } as never, count: 1 });
  expect(events.map(([, type]) => type)).toEqual([
    'rung.withdrawn',
    'ladder.degraded',
    'rung.restored',
    'ladder.recovered',
    'ladder.degraded',
  ]);
});

test('a ladder that fails all the time writes 60 events an hour, and then how many were left out', () => {
  const { journal, events, clock } = setUp();
  for (let i = 0; i < 100; i++) journal.notice('st_a', { type: 'failed', reason: 'exited', why: 'x', retryInMs: 0 });
  expect(events).toHaveLength(60);
  journal.notice('st_b', { type: 'failed', reason: 'exited', why: 'x', retryInMs: 0 });
  expect(events).toHaveLength(61);
  clock.advance(3_600_000);
  journal.notice('st_a', { type: 'recovered', afterMs: 5, skippedMs: 0 });
  expect(events.at(-1)).toEqual([
    'st_a',
    'ladder.recovered',
    { after_ms: 5, skipped_ms: 0, events_left_out: 40 },
    undefined,
  ]);
});
