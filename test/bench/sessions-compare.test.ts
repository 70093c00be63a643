import { describe, expect, test } from 'vitest';
import type { SessionView } from '../../src/contract/sessions.ts';
import { differencesOf, networkOf } from './sessions-compare.ts';
import type { LedgerEntry } from './sessions-ledger.ts';

const cameAtMs = Date.UTC(2026, 10, 23, 12);
const leftAtMs = cameAtMs + 30_000;
const iso = (ms: number) => new Date(ms).toISOString();
const seen = [
  { rendition: 'source', atMs: cameAtMs + 700 },
  { rendition: '180p', atMs: cameAtMs + 9000 },
];
const told = seen.map(({ rendition, atMs }) => ({ at: iso(atMs), rendition, reason: 'bandwidth' }));

const page: LedgerEntry = {
  ...{ number: 1, player: 'watch-page', telling: 'reports', leaving: 'closed', address: '127.0.5.1' },
  ...{ wishedAtMs: cameAtMs, leftAtMs, goneAtMs: leftAtMs + 200, startupMs: 700, playedMs: 28_000 },
  ...{ standstillsMs: [1500], waits: 1, qualities: seen },
};
const native: LedgerEntry = { ...page, player: 'native', telling: 'nothing' };
const shaka: LedgerEntry = { ...page, player: 'shaka-dash', telling: 'events', leaving: 'killed' };
const version1: LedgerEntry = { ...page, player: 'hls.js', telling: 'queries', leaving: 'vanished' };

const right: SessionView = {
  ...{ id: 'vs_1', stream_id: 'st_1', started_at: iso(cameAtMs), last_seen_at: iso(leftAtMs), ended_at: iso(leftAtMs) },
  ...{ player: 'hls.js 1.7.4', network: '127.0.5.0/24', country: 'ZZ', format: 'hls' },
  ...{ startup_ms: 720, startup_source: 'beacon', watch_ms: 28_000, stalls: 1, stall_ms: 1500, qualities: told },
  ...{ latency_ms: 2000, errors: 0, bytes: 1, total_frames: null, dropped_frames: null },
};
const ofNative: SessionView = {
  ...{ ...right, player: 'Chrome', startup_ms: null, startup_source: null, stalls: null, stall_ms: null },
};
const ofShaka: SessionView = { ...right, player: 'Chrome', startup_source: 'cmcd2', format: 'dash' };
const ofVersion1: SessionView = { ...right, player: 'Chrome', startup_source: 'est' };

function differences(
  ledger: LedgerEntry,
  session: SessionView,
  [entry, view]: readonly [Partial<LedgerEntry>, Partial<SessionView>],
): string[] {
  return differencesOf({ ...ledger, ...entry }, { ...session, ...view }, false);
}

test('a session that says what its viewer saw differs in nothing, whoever tells of it', () => {
  for (const [ledger, session] of [
    [page, right],
    [native, ofNative],
    [shaka, ofShaka],
    [version1, ofVersion1],
  ] as const) {
    expect(differencesOf(ledger, session, false)).toEqual([]);
    expect(differencesOf(ledger, session, true)).toEqual([]);
  }
});

describe('a start', () => {
  test.each([
    ['too late by 130 ms', {}, { startup_ms: 830 }, ['start-up +130 ms']],
    ['too early by 150 ms', {}, { startup_ms: 550 }, ['start-up -150 ms']],
    ['almost exact', {}, { startup_ms: 800 }, []],
    ['by a source that it did not use', {}, { startup_source: 'est' }, ['start-up by est']],
    ['of a page that is not known', {}, { startup_ms: null, startup_source: null }, ['start-up by null']],
    ['of what never began', { startupMs: undefined }, {}, ['start-up of 720 ms of what never began']],
  ] as const)('%s', (_, entry, view, words) => {
    expect(differences(page, right, [entry, view])).toEqual(words);
  });

  test('that is an estimate may be much too long, and hardly too short', () => {
    expect(differences(version1, ofVersion1, [{}, { startup_ms: 5000 }])).toEqual([]);
    expect(differences(version1, ofVersion1, [{}, { startup_ms: 300 }])).toEqual(['start-up -400 ms']);
    expect(differences(version1, ofVersion1, [{}, { startup_ms: null, startup_source: null }])).toEqual([]);
  });
});

describe('stalls', () => {
  test.each([
    ['one too many', {}, { stalls: 2 }, ['2 stalls for 1']],
    ['none of one', {}, { stalls: 0, stall_ms: 0 }, ['0 stalls for 1', 'stalled -1500 ms']],
    ['too long', {}, { stall_ms: 1700 }, ['stalled +200 ms']],
    ['too short', {}, { stall_ms: 1300 }, ['stalled -200 ms']],
    ['off by less than a tenth', {}, { stall_ms: 1640 }, []],
    ['that nobody may have noticed and are not told', { standstillsMs: [1500, 100, 300], waits: 1 }, {}, []],
    [
      'that nobody may have noticed and are told',
      { standstillsMs: [1500, 100, 300] },
      { stalls: 3, stall_ms: 1900 },
      [],
    ],
    ['more than anybody may have noticed', { standstillsMs: [1500, 100, 30] }, { stalls: 3 }, ['3 stalls for 1-2']],
    ['that the element has waited for', { standstillsMs: [1500], waits: 2 }, { stalls: 2 }, []],
    ['that are not told', {}, { stalls: null, stall_ms: null }, ['no word of stalls']],
  ] as const)('%s', (_, entry, view, words) => {
    expect(differences(page, right, [entry, view])).toEqual(words);
  });

  test('of who says nothing are unknown, whatever it saw', () => {
    expect(differences(native, ofNative, [{ standstillsMs: [9000] }, {}])).toEqual([]);
    expect(differences(native, ofNative, [{ standstillsMs: [] }, { stalls: 0, stall_ms: 0 }])).toEqual([
      '0 stalls of whom nothing is known',
    ]);
  });

  test('of shaka are not asked for behind a cache, those of others are', () => {
    const none = { stalls: 0, stall_ms: 0 };
    expect(differencesOf(shaka, { ...ofShaka, ...none }, true)).toEqual([]);
    expect(differencesOf(shaka, { ...ofShaka, ...none }, false)).toHaveLength(2);
    expect(differencesOf(page, { ...right, ...none }, true)).toHaveLength(2);
  });
});

describe('qualities', () => {
  const [first, second] = told as [(typeof told)[0], (typeof told)[0]];
  const last = { ...second, at: iso(leftAtMs - 500), rendition: 'source' };

  test.each([
    ['one is missing', [first], ['qualities source for source 180p']],
    ['in another order', [second, first], ['qualities 180p source for source 180p']],
    ['none', [], ['qualities none for source 180p']],
    ['one that never came on screen', [first, second, last], ['qualities source 180p source for source 180p']],
    ['one of after the end', [first, second, { ...last, at: iso(leftAtMs) }], []],
    ['too late by more than a segment', [first, { ...second, at: iso(cameAtMs + 11_001) }], ['180p +2001 ms']],
    ['too early by more than a segment', [first, { ...second, at: iso(cameAtMs + 6000) }], ['180p -3000 ms']],
    ['off by a segment', [first, { ...second, at: iso(cameAtMs + 11_000) }], []],
  ])('%s', (_, qualities, words) => {
    expect(differences(page, right, [{}, { qualities }])).toEqual(words);
  });

  test('one that came on screen just before its viewer left may be dated after that', () => {
    const qualities = [...seen, { rendition: 'source', atMs: leftAtMs - 1900 }];
    expect(differences(page, right, [{ qualities }, {}])).toEqual([]);
    expect(differences(page, right, [{ qualities }, { qualities: [first] }])).toHaveLength(1);
    const earlier = [...seen, { rendition: 'source', atMs: leftAtMs - 2100 }];
    expect(differences(page, right, [{ qualities: earlier }, {}])).toEqual([
      'qualities source 180p for source 180p source',
    ]);
  });

  test('of who says nothing are dated by what it asked for, and the last may never have been seen', () => {
    const asked = [first, { ...second, at: iso(cameAtMs + 3000) }, last];
    expect(differences(native, ofNative, [{}, { qualities: asked }])).toEqual([]);
    expect(differences(native, ofNative, [{}, { qualities: [first] }])).toHaveLength(1);
  });

  test('of shaka behind a cache are dated like that too', () => {
    const asked = { ...ofShaka, qualities: [first, { ...second, at: iso(cameAtMs + 3000) }, last] };
    expect(differencesOf(shaka, asked, true)).toEqual([]);
    expect(differencesOf(shaka, asked, false)).toHaveLength(1);
  });
});

test.each([
  ['another player', page, right, { player: 'Chrome' }, 'player Chrome'],
  ['a browser called by its player', native, ofNative, { player: 'hls.js 1.7.4' }, 'player hls.js 1.7.4'],
  ['another network', page, right, { network: '127.0.6.0/24' }, 'network 127.0.6.0/24'],
  ['DASH for HLS', page, right, { format: 'dash' as const }, 'format dash'],
  ['HLS for DASH', shaka, ofShaka, { format: 'hls' as const }, 'format hls'],
])('%s is wrong', (_, ledger, session, view, word) => {
  expect(differences(ledger, session, [{}, view])).toEqual([word]);
});

describe('an end', () => {
  const at = (ms: number) => ({ ended_at: iso(leftAtMs + ms) });

  test.each([
    ['of who says goodbye, within half a second', page, right, 700, []],
    ['of who says goodbye, too late', page, right, 900, ['end +700 ms']],
    ['of who says goodbye, too early', page, right, -600, ['end -600 ms']],
    [
      'of a page that could not say goodbye, when it asked for something last',
      { ...page, leaving: 'killed' },
      right,
      -3900,
      [],
    ],
    ['of who falls silent, too early', version1, ofVersion1, -4100, ['end -4100 ms']],
    ['of who falls silent, too late', version1, ofVersion1, 30_000, ['end +29800 ms']],
    ['of who leaves by the door and says nothing, when it asked for something last', native, ofNative, -3900, []],
  ] as const)('%s', (_, ledger, session, ms, words) => {
    expect(differences(ledger, session, [{}, at(ms)])).toEqual(words);
  });

  test('has to come', () => {
    expect(differences(page, right, [{}, { ended_at: null }])).toEqual(['goes on']);
  });
});

test('a network is the first three numbers of an address', () => {
  expect(networkOf('127.0.31.1')).toBe('127.0.31.0/24');
});
