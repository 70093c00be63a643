import type { PlayerState } from '../cmcd/report.ts';

/** A picture that stands for a shorter time is not seen to stand: dash.js says that it rebuffers while it looks for its place. */
export const visibleStallMs = 100;
/** What waits while a network is gone is not more: hls.js says every two seconds how it is. */
const maxRecent = 32;

/** What a player's states come to; times by its own clock, ms. */
export interface PlayCourse {
  readonly state: PlayerState | undefined;
  /** When it came to be in that state. */
  readonly sinceMs: number;
  readonly hasPlayed: boolean;
  readonly watchedMs: number;
  /** With the one that goes on. */
  readonly stalls: number;
  /** Of those that are over. */
  readonly stalledMs: number;
  /** Undefined: the picture does not stand still. */
  readonly stalledSinceMs: number | undefined;
  readonly lastStall: { readonly fromMs: number; readonly toMs: number } | undefined;
}

interface ToldState {
  readonly state: PlayerState;
  readonly atMs: number;
}

/**
 * The states that a player tells, in the order of its own clock: where a network comes back, all that has waited for it comes at once and in
 * any order.
 */
export class StateLog {
  course: PlayCourse;
  /** Of what is too old for anything to come before it. */
  private settled: PlayCourse;
  private readonly recent: ToldState[] = [];

  /** `hasPlayed`: it has shown a picture before it told of its first state. */
  constructor(hasPlayed: boolean) {
    const nothing = { state: undefined, stalledSinceMs: undefined, lastStall: undefined };
    this.settled = { ...nothing, sinceMs: Number.NEGATIVE_INFINITY, hasPlayed, watchedMs: 0, stalls: 0, stalledMs: 0 };
    this.course = this.settled;
  }

  take(state: PlayerState, atMs: number): void {
    const { recent, settled } = this;
    if (atMs < settled.sinceMs) return;
    const told = { state, atMs };
    const place = recent.findLastIndex((earlier) => earlier.atMs <= atMs) + 1;
    const isNewest = place === recent.length;
    recent.splice(place, 0, told);
    this.course = isNewest ? after(this.course, told) : recent.reduce(after, settled);
    if (recent.length > maxRecent) this.settled = after(settled, recent.shift()!);
  }
}

function after(course: PlayCourse, { state, atMs }: ToldState): PlayCourse {
  if (state === course.state) return course;
  const playedMs = course.state === 'playing' ? atMs - course.sinceMs : 0;
  return {
    ...course,
    ...stallAfter(course, state, atMs),
    state,
    sinceMs: atMs,
    hasPlayed: course.hasPlayed || state === 'playing',
    watchedMs: course.watchedMs + playedMs,
  };
}

/** A stall is from `rebuffering` after the first picture to the next one; shaka says `seeking` in between. */
function stallAfter(course: PlayCourse, state: PlayerState, atMs: number): Partial<PlayCourse> {
  const { stalledSinceMs: fromMs, stalls, stalledMs } = course;
  if (fromMs === undefined)
    return state === 'rebuffering' && course.hasPlayed ? { stalledSinceMs: atMs, stalls: stalls + 1 } : {};
  if (state === 'seeking' || state === 'waiting' || state === 'rebuffering') return {};
  if (atMs - fromMs < visibleStallMs) return { stalledSinceMs: undefined, stalls: stalls - 1 };
  const lastStall = { fromMs, toMs: atMs };
  return { stalledSinceMs: undefined, stalledMs: stalledMs + atMs - fromMs, lastStall };
}
