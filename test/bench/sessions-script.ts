/** Who plays. */
export type SessionPlayer = 'watch-page' | 'hls.js' | 'shaka-hls' | 'shaka-dash' | 'dash.js' | 'native';

/** What it tells of itself: the page's own reports; CMCD events (version 2); CMCD in queries or headers (version 1); nothing. */
export type Telling = 'reports' | 'events' | 'queries' | 'headers' | 'nothing';

/** How it goes: its tab is closed; it goes to another page; its process dies; its network is gone, and then itself. */
export type Leaving = 'closed' | 'navigated' | 'killed' | 'vanished';

/** From `atSeconds` after the first picture on, its network lets so many kbit/s through; null: everything. */
export interface NetworkStep {
  readonly atSeconds: number;
  readonly kbps: number | null;
}

export interface SessionScript {
  readonly player: SessionPlayer;
  readonly telling: Telling;
  /** After the beginning of its wave. */
  readonly joinSeconds: number;
  readonly network: readonly NetworkStep[];
  /** After the first picture. */
  readonly watchSeconds: number;
  readonly leaving: Leaving;
}

const calm: readonly NetworkStep[] = [];
const cut = (atSeconds: number, seconds: number): readonly NetworkStep[] => [
  { atSeconds, kbps: 0 },
  { atSeconds: atSeconds + seconds, kbps: null },
];
/** Less than the source has, more than the lower quality. */
const narrowKbps = 600;
const narrow = (atSeconds: number, seconds: number): readonly NetworkStep[] => [
  { atSeconds, kbps: narrowKbps },
  { atSeconds: atSeconds + seconds, kbps: null },
];

type Line = readonly [SessionPlayer, Telling, number, readonly NetworkStep[], number, Leaving];

/** Pages of a wave play at the same time. */
const waves: readonly (readonly Line[])[] = [
  [
    ['watch-page', 'reports', 0, cut(5, 6), 20, 'closed'],
    ['hls.js', 'events', 2, narrow(5, 9), 26, 'closed'],
    ['shaka-hls', 'events', 4, cut(6, 7), 22, 'navigated'],
    ['dash.js', 'events', 6, cut(6, 8), 24, 'closed'],
    ['native', 'nothing', 8, calm, 15, 'closed'],
  ],
  [
    ['watch-page', 'reports', 0, narrow(4, 9), 24, 'navigated'],
    ['hls.js', 'queries', 2, cut(6, 6), 20, 'closed'],
    ['shaka-dash', 'events', 4, cut(6, 8), 24, 'killed'],
    ['dash.js', 'events', 6, narrow(5, 10), 26, 'navigated'],
    ['watch-page', 'reports', 10, calm, 12, 'killed'],
  ],
  [
    ['watch-page', 'reports', 0, [...cut(4, 4), ...cut(13, 5)], 25, 'closed'],
    ['hls.js', 'events', 2, cut(6, 7), 20, 'killed'],
    ['shaka-hls', 'events', 4, narrow(5, 10), 25, 'vanished'],
    ['dash.js', 'queries', 6, cut(6, 8), 24, 'closed'],
    ['native', 'nothing', 8, narrow(5, 9), 22, 'killed'],
  ],
  [
    ['watch-page', 'reports', 0, cut(8, 9), 22, 'vanished'],
    ['hls.js', 'events', 2, calm, 10, 'navigated'],
    ['shaka-dash', 'events', 4, narrow(5, 10), 25, 'closed'],
    ['dash.js', 'events', 6, calm, 18, 'vanished'],
    ['hls.js', 'headers', 8, cut(6, 6), 18, 'vanished'],
  ],
  [
    ['watch-page', 'reports', 0, [...narrow(3, 8), ...cut(16, 4)], 25, 'killed'],
    ['hls.js', 'events', 2, [...cut(4, 4), ...cut(12, 5)], 24, 'vanished'],
    ['shaka-hls', 'queries', 4, calm, 16, 'closed'],
    ['dash.js', 'events', 6, [...cut(4, 6), ...narrow(14, 6)], 26, 'closed'],
    ['native', 'nothing', 8, calm, 20, 'navigated'],
  ],
  [
    ['watch-page', 'reports', 0, calm, 8, 'closed'],
    ['hls.js', 'events', 2, [...narrow(4, 8), ...cut(17, 4)], 25, 'closed'],
    ['shaka-dash', 'events', 4, calm, 14, 'navigated'],
    ['watch-page', 'reports', 6, cut(2, 3), 12, 'closed'],
    ['native', 'nothing', 8, calm, 16, 'vanished'],
  ],
];

/** So many sessions of them, wave by wave. */
export function sessionScripts(count: number): readonly (readonly SessionScript[])[] {
  let left = count;
  return waves.flatMap((lines) => {
    const taken = lines.slice(0, left);
    left -= taken.length;
    return taken.length === 0 ? [] : [taken.map(scriptOf)];
  });
}

export const allSessions = waves.flat().length;

function scriptOf([player, telling, joinSeconds, network, watchSeconds, leaving]: Line): SessionScript {
  return { player, telling, joinSeconds, network, watchSeconds, leaving };
}
