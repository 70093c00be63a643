import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';
import type { StartupSource } from '../store/ports/session-store.ts';
import { knownPlayer } from './player-name.ts';
import { type ShownQuality, shownBy } from './shown-quality.ts';
import type { ViewerSession } from './viewer-session.ts';

/** What all viewers have experienced since the start: only ever grows. */
export interface ExperienceFigures {
  /** Of those whose stalls are known. */
  readonly watchSeconds: number;
  /** Of the others. */
  readonly untoldWatchSeconds: number;
  readonly stallSeconds: number;
  readonly stalls: number;
  readonly totalFrames: number;
  readonly droppedFrames: number;
  readonly switchesUp: number;
  readonly switchesDown: number;
  readonly startups: readonly StartupFigures[];
}

/** Start-up times of one kind of player, measured in one way: figures of different sources are never mixed. */
export interface StartupFigures {
  readonly player: string;
  readonly source: StartupSource;
  readonly seconds: TimeHistogramFigures;
}

/** What was last taken over from a session, beside what was watched. */
export interface CountedExperience {
  stallMs: number;
  stalls: number;
  totalFrames: number;
  droppedFrames: number;
  startupSource: StartupSource | undefined;
  /** The newest quality change. */
  quality: ShownQuality | undefined;
}

/** How long pictures have moved, and stood still, of sessions whose stalls are known. */
export interface WatchSums {
  watchMs: number;
  stallMs: number;
}

const startupBounds = [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 20, 30, 60];

/** Adds up what sessions report: whatever a session takes back later was experienced all the same, and is not counted twice. */
export class ExperienceTotals {
  private readonly sums = { stallMs: 0, stalls: 0, totalFrames: 0, droppedFrames: 0 };
  private watchMs = 0;
  private untoldWatchMs = 0;
  private readonly switches = { up: 0, down: 0 };
  private readonly startups = new Map<string, StartupFigures & { readonly histogram: TimeHistogram }>();

  /** What is new in a session, of a stream that has its own sums too. */
  count(session: ViewerSession, stream: WatchSums): void {
    this.countWatched(session, stream);
    if (session.counted === undefined && !hasMoreToCount(session)) return;
    session.counted ??= nothingCounted();
    const { counted } = session;
    if (session.tellsStalls) stream.stallMs += Math.max(0, session.stallMs - counted.stallMs);
    this.add('stallMs', counted, session.stallMs);
    this.add('stalls', counted, session.stalls);
    this.add('totalFrames', counted, session.totalFrames ?? 0);
    this.add('droppedFrames', counted, session.droppedFrames ?? 0);
    if (session.startupSource !== counted.startupSource) {
      counted.startupSource = session.startupSource;
      this.started(session);
    }
    const { afterMs: countedMs = Number.NEGATIVE_INFINITY } = counted.quality ?? {};
    if (session.quality !== undefined && session.quality.afterMs > countedMs) this.countSwitches(session, counted);
  }

  private add(name: keyof typeof this.sums, counted: CountedExperience, value: number): void {
    if (value <= counted[name]) return;
    this.sums[name] += value - counted[name];
    counted[name] = value;
  }

  private countWatched(session: ViewerSession, stream: WatchSums): void {
    const newMs = session.watchMs - session.countedWatchMs;
    if (newMs <= 0) return;
    session.countedWatchMs += newMs;
    if (session.tellsStalls) {
      this.watchMs += newMs;
      stream.watchMs += newMs;
    } else {
      this.untoldWatchMs += newMs;
    }
  }

  private countSwitches({ quality }: ViewerSession, counted: CountedExperience): void {
    for (const shown of shownBy(quality)) {
      if (counted.quality !== undefined && shown.afterMs <= counted.quality.afterMs) continue;
      this.switched(counted.quality?.rendition, shown.rendition);
      counted.quality = shown;
    }
  }

  private started({ player, startupMs, startupSource }: ViewerSession): void {
    if (startupMs === undefined || startupSource === undefined) return;
    const label = knownPlayer(player);
    const key = `${label} ${startupSource}`;
    let known = this.startups.get(key);
    if (known === undefined) {
      const histogram = new TimeHistogram(startupBounds);
      known = { player: label, source: startupSource, seconds: histogram.figures(), histogram };
      this.startups.set(key, known);
    }
    known.histogram.add(startupMs / 1000);
  }

  private switched(from: string | undefined, to: string): void {
    if (from === undefined || from === to) return;
    const change = heightOf(to) - heightOf(from);
    if (change > 0) this.switches.up++;
    else if (change < 0) this.switches.down++;
  }

  figures(): ExperienceFigures {
    const { stallMs, ...counts } = this.sums;
    return {
      ...{ watchSeconds: this.watchMs / 1000, untoldWatchSeconds: this.untoldWatchMs / 1000 },
      ...{ stallSeconds: stallMs / 1000, ...counts },
      ...{ switchesUp: this.switches.up, switchesDown: this.switches.down },
      startups: [...this.startups.values()].map(({ player, source, histogram }) => ({
        ...{ player, source, seconds: histogram.figures() },
      })),
    };
  }
}

/** Most sessions are of players that never stop, tell nothing and have one quality. */
function hasMoreToCount({ posted, startupSource, stalls, stalledMs, quality }: ViewerSession): boolean {
  const hasStood = stalls > 0 || stalledMs > 0;
  return hasStood || posted !== undefined || startupSource !== undefined || quality?.earlier !== undefined;
}

function nothingCounted(): CountedExperience {
  return { stallMs: 0, stalls: 0, totalFrames: 0, droppedFrames: 0, startupSource: undefined, quality: undefined };
}

/** Of a session whose past was counted by an earlier process. */
export function allCounted(session: ViewerSession): CountedExperience {
  const { stallMs, stalls, totalFrames = 0, droppedFrames = 0, startupSource, quality } = session;
  return { stallMs, stalls, totalFrames, droppedFrames, startupSource, quality };
}

/** By which renditions are better than others: `720p60` is 720.6, the publisher's own is the best there is. */
function heightOf(rendition: string): number {
  const match = /^(\d+)p(\d*)$/.exec(rendition);
  if (match !== null) return Number(match[1]) + Number(match[2] ?? 0) / 100;
  return rendition === 'source' ? Number.POSITIVE_INFINITY : 0;
}
