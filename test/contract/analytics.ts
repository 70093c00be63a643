import { describe, expect, onTestFinished, test } from 'vitest';
import type {
  ExactPercentiles,
  HistoryGroup,
  HistoryRange,
  SessionHistory,
} from '../../src/store/ports/session-history.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { randomSource } from '../support/random-sessions.ts';
import { someSession } from '../support/rows.ts';

/** A place for sessions that have ended. */
export interface HistoryPlace {
  readonly history: SessionHistory;
  /** Writes sessions; they are found when it resolves. */
  write(rows: readonly SessionRow[]): Promise<void>;
  close(): Promise<void>;
}

const day = Date.UTC(2026, 10, 23);
const hour = 3_600_000;
const all: HistoryRange = { streamId: 'st1', fromMs: day - 24 * hour, untilMs: day + 48 * hour };

/** What everybody who keeps the history of sessions must answer. */
export function analyticsContract(name: string, open: () => Promise<HistoryPlace>): void {
  async function openWith(rows: readonly SessionRow[]): Promise<SessionHistory> {
    const place = await open();
    onTestFinished(() => place.close());
    await place.write(rows);
    return place.history;
  }

  describe(`${name}: history of sessions`, () => {
    test('sessions of a stream are listed page by page, as they were written', async () => {
      const rows = Array.from({ length: 7 }, (_, index) =>
        ended({ id: `vs_${index}`, startedAtMs: day + (index >> 1), player: `o'${index}\\n\t"\n` }),
      );
      const odd = ended({
        ...{ id: 'vs_odd', streamId: 'st3', startupMs: null, startupSource: null, latencyMs: null, format: null },
        ...{ totalFrames: 5_000_000_000, droppedFrames: 3, qualities: [], player: '', stalls: null, stallMs: null },
      });
      const history = await openWith([...rows, odd]);
      const seen: SessionRow[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.listEnded({ streamId: 'st1', limit: 3, cursor });
        seen.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual([...rows].reverse());
      expect((await history.listEnded({ streamId: 'st3', limit: 3 })).items).toEqual([odd]);
      expect(await history.listEnded({ streamId: "st1' or 1=1 --", limit: 3 })).toEqual({
        items: [],
        nextCursor: null,
      });
    });

    test('what viewers experienced, with percentiles by definition', async () => {
      const rows = Array.from({ length: 20 }, (_, index) =>
        ended({ id: `vs_${index}`, startupMs: 100 * (20 - index), latencyMs: index === 0 ? null : 1000 + index }),
      );
      const cmcd = ended({ id: 'vs_cmcd', startupMs: 7, startupSource: 'msd', bytes: 0, stalls: 2, stallMs: 500 });
      const history = await openWith([...rows, cmcd, ended({ id: 'vs_other', streamId: 'st2' })]);
      expect(await history.experience(all)).toEqual({
        ...{ sessions: 21, watchMs: 21 * 60_000, stalls: 2, stallMs: 500, errors: 0 },
        rebufferRatio: 500 / (21 * 60_000 + 500),
        startupMs: { beacon: { p50: 1100, p95: 2000, count: 20 }, msd: { p50: 7, p95: 7, count: 1 } },
        latencyMs: { p50: 1011, p95: 1500, count: 20 },
        bitrateBps: { p50: 133_333, p95: 133_333, count: 20 },
      });
      expect(await history.experience({ ...all, untilMs: all.fromMs })).toEqual({
        ...{ sessions: 0, watchMs: 0, stalls: null, stallMs: null, errors: 0, rebufferRatio: null, startupMs: {} },
        ...{ latencyMs: null, bitrateBps: null },
      });
    });

    test('of whose stalls nothing is known does not make rebuffering less', async () => {
      const unknown = { stalls: null, stallMs: null };
      const history = await openWith([
        ended({ id: 'a', stalls: 2, stallMs: 20_000 }),
        ended({ id: 'b', stalls: 0, stallMs: 0 }),
        ended({ id: 'c', watchMs: 600_000, ...unknown }),
        ended({ id: 'd', watchMs: 600_000, player: 'VLC', ...unknown }),
        ended({ id: 'e', streamId: 'st2', ...unknown }),
      ]);
      const ratio = 20_000 / 140_000;
      expect(await history.experience(all)).toMatchObject({
        ...{ sessions: 4, watchMs: 1_320_000, stalls: 2, stallMs: 20_000, rebufferRatio: ratio },
      });
      expect(await history.byPlayer(all)).toEqual([
        { name: 'Chrome', sessions: 3, watchMs: 720_000, rebufferRatio: ratio },
        { name: 'VLC', sessions: 1, watchMs: 600_000, rebufferRatio: null },
      ]);
      expect(await history.experience({ ...all, streamId: 'st2' })).toMatchObject({
        ...{ sessions: 1, watchMs: 60_000, stalls: null, stallMs: null, rebufferRatio: null },
      });
    });

    test('by quality shown last, by player, by country', async () => {
      const to = (rendition: string) => [
        { atMs: day, rendition: '360p', reason: 'startup' },
        { atMs: day + 1, rendition, reason: 'bandwidth' },
      ];
      const history = await openWith([
        ended({ id: 'a', qualities: to('1080p'), player: 'Safari', country: 'FR', errors: 2 }),
        ended({ id: 'b', qualities: to('1080p'), stallMs: 5 }),
        ended({ id: 'c', qualities: [] }),
        ended({ id: 'd', player: 'Safari', country: 'FR', endedAtMs: day + 25 * hour }),
        ended({ id: 'e', streamId: 'st2' }),
      ]);
      const group = (name: string, sessions: number, stallMs = 0) => {
        const watchMs = sessions * 60_000;
        return { name, sessions, watchMs, rebufferRatio: stallMs / (watchMs + stallMs) };
      };
      const firstDay = { ...all, untilMs: day + 24 * hour };
      expect(await history.byQuality(firstDay)).toEqual([group('1080p', 2, 5), group('', 1)]);
      expect(await history.byPlayer(firstDay)).toEqual([group('Chrome', 2, 5), group('Safari', 1)]);
      expect(await history.byCountry(firstDay)).toEqual([group('DE', 2, 5), group('FR', 1)]);
      expect(await history.byPlayer(all)).toEqual([group('Chrome', 2, 5), group('Safari', 2)]);
      expect(await history.byPlayer({ ...all, streamId: "st1' or 1=1 --" })).toEqual([]);
    });

    test('of thousands of random sessions it answers what arithmetic says, wherever in an hour a time begins and ends', async () => {
      const rows = randomSource(7).sessions(3000, day, 24 * hour);
      const history = await openWith(rows);
      const hours = (from: number, until: number) => ({ fromMs: day + from * hour, untilMs: day + until * hour });
      for (const [name, { fromMs, untilMs }] of Object.entries({
        'all the time': all,
        'longer than anybody lives': { fromMs: Date.UTC(1960), untilMs: Date.UTC(2200) },
        'an hour': hours(3, 4),
        'whole hours': hours(3, 17),
        'from within an hour to within another': hours(2.3, 9.7),
        'from within an hour to the end of one': hours(22.5, 24),
        'from the beginning of an hour to within one': hours(0, 5.1),
        'parts of two hours': hours(6.5, 7.5),
        'within an hour': hours(6.25, 6.75),
        'no time, within an hour': hours(6.5, 6.5),
        'no time, where an hour begins': hours(6, 6),
        'whole hours in which nothing was': hours(-5, 0),
      })) {
        const range = { streamId: 'st2', fromMs, untilMs };
        const those = rows.filter(
          ({ streamId, endedAtMs }) => streamId === 'st2' && endedAtMs! >= fromMs && endedAtMs! < untilMs,
        );
        const judged = those.filter(({ stallMs }) => stallMs !== null);
        expect(judged.length < those.length || those.length === 0).toBe(true);
        expect(await history.experience(range), name).toMatchObject({
          sessions: those.length,
          watchMs: sumOf(those, (row) => row.watchMs),
          stalls: judged.length === 0 ? null : sumOf(judged, (row) => row.stalls),
          stallMs: judged.length === 0 ? null : sumOf(judged, (row) => row.stallMs),
          errors: sumOf(those, (row) => row.errors),
          rebufferRatio: rebufferRatioOf(those),
          latencyMs: percentilesOf(those.flatMap((row) => row.latencyMs ?? [])),
        });
        expect(await history.byPlayer(range), name).toEqual(groupsOf(those, ({ player }) => player));
        expect(await history.byCountry(range), name).toEqual(groupsOf(those, ({ country }) => country));
        const lastQuality = ({ qualities }: SessionRow) => qualities.at(-1)!.rendition;
        expect(await history.byQuality(range), name).toEqual(groupsOf(those, lastQuality));
      }
    });
  });
}

function sumOf(rows: readonly SessionRow[], value: (row: SessionRow) => number | null): number {
  return rows.reduce((sum, row) => sum + (value(row) ?? 0), 0);
}

function rebufferRatioOf(rows: readonly SessionRow[]): number | null {
  const judged = rows.filter(({ stallMs }) => stallMs !== null);
  const [watchMs, stallMs] = [sumOf(judged, (row) => row.watchMs), sumOf(judged, (row) => row.stallMs)];
  return watchMs + stallMs > 0 ? stallMs / (watchMs + stallMs) : null;
}

function percentilesOf(values: readonly number[]): ExactPercentiles | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent: number) => sorted[Math.floor((sorted.length * percent) / 100)]!;
  return sorted.length === 0 ? null : { p50: at(50), p95: at(95), count: sorted.length };
}

function groupsOf(rows: readonly SessionRow[], nameOf: (row: SessionRow) => string): HistoryGroup[] {
  const names = [...new Set(rows.map(nameOf))].sort();
  const groups = names.map((name) => {
    const those = rows.filter((row) => nameOf(row) === name);
    const watchMs = sumOf(those, (row) => row.watchMs);
    return { name, sessions: those.length, watchMs, rebufferRatio: rebufferRatioOf(those) };
  });
  return groups.sort((a, b) => b.sessions - a.sessions);
}

function ended(members: Partial<SessionRow>): SessionRow {
  const startedAtMs = members.startedAtMs ?? day + hour;
  return someSession({
    watchMs: 60_000,
    startedAtMs,
    seenAtMs: startedAtMs,
    endedAtMs: startedAtMs + 60_000,
    ...members,
  });
}
