import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BudgetBroadcast, shareBudget } from '../../src/transcode/budget.ts';

const rungs = [
  { name: '720p', costCores: 0.2, encoderThreads: 2 },
  { name: '480p', costCores: 0.1, encoderThreads: 1 },
  { name: '360p', costCores: 0.05, encoderThreads: 1 },
];

function broadcast(id: string, running: readonly string[] = []): BudgetBroadcast {
  return { id, decodeCostCores: 0.1, rungs, running };
}

describe('the CPU budget', () => {
  test('gives everything where there is room', () => {
    expect(shareBudget([broadcast('a')], 1.6)).toEqual([{ id: 'a', offered: ['720p', '480p', '360p'], withheld: [] }]);
  });

  test('withholds from the top, with a sentence that says why', () => {
    const [share] = shareBudget([broadcast('a')], 0.3);
    expect(share?.offered).toEqual(['480p', '360p']);
    expect(share?.withheld).toEqual([
      {
        name: '720p',
        why: '720p is withheld: it takes 0.20 cores, and of the 0.30 that ladder.cpu_budget allows 0.05 are left.',
      },
    ]);
  });

  test('gives what stands in a source’s place before everything else, and nothing without it', () => {
    const led = { ...broadcast('b'), needsTop: true };
    const shares = (capacityCores: number) => shareBudget([led], capacityCores).map(({ offered }) => offered);
    expect(shares(0.4)).toEqual([['720p', '360p']]);
    expect(shares(0.3)).toEqual([['720p']]);
    expect(shares(0.25)).toEqual([[]]);
    expect(shareBudget([led], 0.25)[0]!.withheld[2]!.why).toBe('360p is withheld because 720p is.');
    const beside = shareBudget([broadcast('a', ['720p', '480p', '360p']), led], 0.7).map(({ offered }) => offered);
    expect(beside).toEqual([['720p', '480p', '360p'], []]);
  });

  test('gives every broadcast its smallest rung before any gets a larger one', () => {
    const shares = shareBudget([broadcast('a'), broadcast('b'), broadcast('c')], 0.6);
    expect(shares.map((share) => share.offered)).toEqual([['480p', '360p'], ['360p'], ['360p']]);
  });

  test('takes nothing from a broadcast that runs for one that comes', () => {
    const shares = shareBudget([broadcast('old', ['720p', '480p', '360p']), broadcast('new')], 0.5);
    expect(shares.map((share) => share.offered)).toEqual([['720p', '480p', '360p'], []]);
    expect(shares[1]?.withheld.map((rung) => rung.why)).toEqual([
      '720p is withheld because 480p below it is.',
      '480p is withheld because 360p below it is.',
      '360p is withheld: it takes 0.15 cores, and of the 0.50 that ladder.cpu_budget allows 0.05 are left.',
    ]);
  });

  test('offers rungs again when room appears', () => {
    const before = shareBudget([broadcast('old', ['720p', '480p', '360p']), broadcast('new', ['360p'])], 0.6);
    expect(before[1]?.offered).toEqual(['360p']);
    expect(shareBudget([broadcast('new', ['360p'])], 0.6)[0]?.offered).toEqual(['720p', '480p', '360p']);
  });

  test('takes rungs back from the newest broadcast when it was made smaller', () => {
    const all = ['720p', '480p', '360p'];
    const shares = shareBudget([broadcast('old', all), broadcast('new', all)], 0.7);
    expect(shares.map((share) => share.offered)).toEqual([all, ['480p', '360p']]);
  });

  test('withholds what one ffmpeg could not do in real time, however many cores there are', () => {
    const heavy = {
      id: 'a',
      decodeCostCores: 0.5,
      rungs: [{ name: '1080p', costCores: 0.8, encoderThreads: 2 }],
      running: [],
    };
    expect(shareBudget([heavy], 64)[0]?.withheld).toEqual([
      {
        name: '1080p',
        why: '1080p is withheld: with it one ffmpeg could not keep up with this source in real time on this machine.',
      },
    ]);
  });

  test('is never exceeded, loses no rung and no broadcast, and skips none in a ladder', () => {
    const cost = fc.double({ min: 0.001, max: 0.5, noNaN: true });
    const anyBroadcast = fc
      .record({
        decodeCostCores: cost,
        costs: fc.array(cost, { maxLength: 5 }),
        running: fc.integer({ min: 0, max: 5 }),
      })
      .map(({ decodeCostCores, costs, running }) => {
        const ladder = costs.map((costCores, index) => ({ name: `r${index}`, costCores, encoderThreads: 4 }));
        return { decodeCostCores, rungs: ladder, running: ladder.slice(-running).map((rung) => rung.name) };
      });
    fc.assert(
      fc.property(
        fc.array(anyBroadcast, { maxLength: 6 }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        (list, capacity) => {
          const broadcasts = list.map((entry, index) => ({ ...entry, id: `b${index}` }));
          const shares = shareBudget(broadcasts, capacity);
          let usedCores = 0;
          for (const [index, share] of shares.entries()) {
            const { rungs: ladder, decodeCostCores } = broadcasts[index]!;
            expect([...share.offered, ...share.withheld.map((rung) => rung.name)].sort()).toEqual(
              ladder.map((rung) => rung.name).sort(),
            );
            expect(share.offered).toEqual(ladder.slice(ladder.length - share.offered.length).map((rung) => rung.name));
            expect(share.withheld.every((rung) => rung.why !== '')).toBe(true);
            if (share.offered.length > 0) usedCores += decodeCostCores;
            for (const rung of ladder) if (share.offered.includes(rung.name)) usedCores += rung.costCores;
          }
          expect(usedCores).toBeLessThanOrEqual(capacity + 1e-6);
        },
      ),
    );
  });
});
