import { expect, test } from 'vitest';
import { PlayLedger } from '../../src/web/watch/play-ledger.ts';

test('the start is from the wish to watch to the first picture, and waiting before that is no stall', () => {
  const ledger = new PlayLedger(1000);
  ledger.waiting(1200);
  expect(ledger.figures(1500)).toEqual({ startupMs: undefined, watchedMs: 0, stalls: 0, stalledMs: 0 });
  ledger.playing(1700);
  ledger.playing(1900);
  expect(ledger.figures(2700)).toEqual({ startupMs: 700, watchedMs: 1000, stalls: 0, stalledMs: 0 });
});

test('where the browser lets nothing play before a touch, the start is from the touch', () => {
  const ledger = new PlayLedger(0);
  ledger.beganAt(60_000);
  ledger.playing(60_400);
  ledger.beganAt(90_000);
  expect(ledger.figures(60_400).startupMs).toBe(400);
});

test('a stall lasts until pictures move again, and counts while it lasts', () => {
  const ledger = new PlayLedger(0);
  ledger.playing(500);
  ledger.waiting(2500);
  expect(ledger.figures(3000)).toMatchObject({ stalls: 1, stalledMs: 500, watchedMs: 2000 });
  ledger.waiting(3100);
  ledger.playing(4000);
  ledger.waiting(5000);
  ledger.playing(5250);
  expect(ledger.figures(6000)).toMatchObject({ stalls: 2, stalledMs: 1750, watchedMs: 3750 });
});

test('what the viewer stopped is neither watched nor stalled', () => {
  const ledger = new PlayLedger(0);
  ledger.playing(100);
  ledger.resting(1100);
  ledger.waiting(1500);
  ledger.playing(9000);
  ledger.waiting(9500);
  ledger.resting(9700);
  expect(ledger.figures(20_000)).toEqual({ startupMs: 100, watchedMs: 1500, stalls: 1, stalledMs: 200 });
});
