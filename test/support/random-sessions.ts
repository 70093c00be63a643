import type { SessionRow, StartupSource } from '../../src/store/ports/session-store.ts';

const players = ['Chrome', 'Safari', 'Firefox', 'hls.js', 'AppleCoreMedia', 'streamlink'];
const countries = ['DE', 'FR', 'US', 'ZZ'];
const renditions = ['1080p', '720p', '480p', '360p', 'source'];
const sources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

/** Sessions that look like viewers, the same for the same seed. */
export function randomSource(seed: number) {
  let state = seed >>> 0;
  const below = (limit: number) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  let made = 0;

  /** One that ends within `spanMs` from `fromMs` on. */
  function session(fromMs: number, spanMs: number, streams: number): SessionRow {
    const endedAtMs = fromMs + below(spanMs);
    const lengthMs = Math.min(4 * 3_600_000, Math.round(20_000 / (below(1_000_000) / 1_000_000 + 0.001)));
    const startedAtMs = endedAtMs - lengthMs;
    const stalls = below(10) === 0 ? 1 + below(4) : 0;
    const stallMs = stalls * (200 + below(3000));
    const watchMs = Math.max(0, lengthMs - stallMs);
    const first = one(renditions);
    const isJudged = made % 8 !== 0;
    return {
      id: `vs_${seed}_${made++}`,
      streamId: `st${1 + below(streams)}`,
      key: `s ${below(2 ** 30).toString(36)}${below(2 ** 30).toString(36)}`,
      node: 'node-1',
      ...{ startedAtMs, seenAtMs: endedAtMs, endedAtMs },
      startupMs: below(20) === 0 ? null : 150 + below(900) + (below(30) === 0 ? below(4000) : 0),
      startupSource: one(sources),
      ...{ watchMs, stalls: isJudged ? stalls : null, stallMs: isJudged ? stallMs : null },
      qualities: [
        { atMs: startedAtMs, rendition: first, reason: 'startup' },
        ...(below(3) === 0 ? [{ atMs: startedAtMs + 4000, rendition: one(renditions), reason: 'bandwidth' }] : []),
      ],
      latencyMs: below(15) === 0 ? null : 900 + below(5000),
      errors: below(200) === 0 ? 1 : 0,
      player: one(players),
      network: `203.0.${below(256)}.0/24`,
      country: countries[made % countries.length]!,
      format: below(5) === 0 ? 'dash' : 'hls',
      bytes: Math.round((watchMs * (400_000 + below(4_000_000))) / 8000),
      totalFrames: null,
      droppedFrames: null,
    };
  }

  return {
    session,
    sessions: (count: number, fromMs: number, spanMs: number, streams = 3): SessionRow[] =>
      Array.from({ length: count }, () => session(fromMs, spanMs, streams)),
  };
}
