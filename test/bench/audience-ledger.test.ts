import { expect, test } from 'vitest';
import { AudienceLedger, type Visit } from './audience-ledger.ts';

function visit(cameAtMs: number, leftAtMs: number | undefined, watchedMs = 0): Visit {
  return { kind: 'header', cameAtMs, leftAtMs, watchedMs };
}

test('a viewer watches from the moment it came until the moment it left', () => {
  const ledger = new AudienceLedger([visit(1000, 3000), visit(2000, undefined), visit(2500, 2600)]);
  const counts = [999, 1000, 2000, 2500, 2600, 3000, 9000].map((atMs) => ledger.watchingAt(atMs));
  expect(counts).toEqual([0, 1, 2, 3, 2, 1, 1]);
});

test('who watches at a moment does not depend on the order in which they are told', () => {
  const visits = [visit(5000, 6000), visit(1000, 7000), visit(3000, 4000)];
  for (const atMs of [2000, 3500, 5500, 6500]) {
    expect(new AudienceLedger(visits).watchingAt(atMs)).toBe(new AudienceLedger(visits.toReversed()).watchingAt(atMs));
  }
});

test('what was watched is the sum of all visits, also of who is still there', () => {
  expect(new AudienceLedger([visit(0, 5000, 4500), visit(0, undefined, 1500)]).watchSeconds).toBe(6);
});

test('visits are counted by kind', () => {
  const ledger = new AudienceLedger([visit(0, 1), visit(0, 1), { ...visit(0, 1), kind: 'anonymous' }]);
  expect(ledger.byKind()).toEqual({ header: 2, anonymous: 1 });
});
