import type { PlayLogView } from '../support/players/play-log.ts';
import type { Leaving, SessionPlayer, Telling } from './sessions-script.ts';

/** A quality, and since when it was on screen; wall clock, ms since the epoch. */
export interface SeenQuality {
  readonly rendition: string;
  readonly atMs: number;
}

/** What a script made happen, as the viewer saw it. */
export interface LedgerEntry {
  readonly number: number;
  readonly player: SessionPlayer;
  readonly telling: Telling;
  readonly leaving: Leaving;
  /** Address that its connections came from. */
  readonly address: string;
  readonly wishedAtMs: number;
  /** When it was told to leave, which may take a moment. */
  readonly leftAtMs: number;
  readonly goneAtMs: number;
  /** Undefined: it never saw a picture. */
  readonly startupMs: number | undefined;
  /** Of whatever length, in order. */
  readonly standstillsMs: readonly number[];
  /** How often the element said that it waits, after it had played. */
  readonly waits: number;
  readonly playedMs: number;
  readonly qualities: readonly SeenQuality[];
}

/** Renditions by the height of their pictures. */
export type Heights = Readonly<Record<number, string>>;

/** The account of a media element as that of a session. */
export function ledgerOf(
  log: PlayLogView,
  heights: Heights,
): Pick<LedgerEntry, 'wishedAtMs' | 'leftAtMs' | 'startupMs' | 'standstillsMs' | 'waits' | 'playedMs' | 'qualities'> {
  const { wishedAtMs, playingAtMs, playedMs, readAtMs } = log;
  return {
    wishedAtMs,
    leftAtMs: readAtMs,
    startupMs: playingAtMs === undefined ? undefined : playingAtMs - wishedAtMs,
    standstillsMs: log.standstills.map(({ fromMs, toMs }) => (toMs ?? readAtMs) - fromMs),
    waits: log.events.filter(({ atMs, name }) => name === 'waiting' && atMs > (playingAtMs ?? readAtMs)).length,
    playedMs,
    qualities: seenQualities(log, heights),
  };
}

/** What was there before the picture moved was not seen, but for the last of it. */
function seenQualities({ heights: shown, movedAtMs = 0 }: PlayLogView, names: Heights): SeenQuality[] {
  const before = shown.filter(({ atMs }) => atMs < movedAtMs).slice(-1);
  const after = shown.filter(({ atMs }) => atMs >= movedAtMs);
  return [...before, ...after].map(({ atMs, height }) => {
    return { atMs: Math.max(atMs, movedAtMs), rendition: names[height] ?? `${height}?` };
  });
}
