import { type PlayerState, stateTokens } from '../cmcd/report.ts';

/** A picture that stands for a shorter time is not seen to stand: dash.js says that it rebuffers while it looks for its place. */
export const visibleStallMs = 100;
/** What waits while a network is gone is not more: hls.js says every two seconds how it is. */
const maxRecent = 16;

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

const states = Object.keys(stateTokens) as readonly PlayerState[];

const nothing: PlayCourse = {
  ...{ state: undefined, sinceMs: 0, hasPlayed: false, watchedMs: 0 },
  ...{ stalls: 0, stalledMs: 0, stalledSinceMs: undefined, lastStall: undefined },
};
const inMidPlay: PlayCourse = { ...nothing, hasPlayed: true };
const noneTold: readonly number[] = [];

/**
 * The states that a player tells, in the order of its own clock: where a network comes back, all that has waited for it comes at once and in
 * any order. Kept small: there may be a hundred thousand.
 */
export class StateLog {
  course: PlayCourse;
  /** Of what is too old for anything to come before it. */
  private settled: PlayCourse;
  /** What was said since, each in one number: they order by time. */
  private recent = noneTold;

  /** `hasPlayed`: it has shown a picture before it told of its first state. */
  constructor(hasPlayed: boolean) {
    this.settled = hasPlayed ? inMidPlay : nothing;
    this.course = this.settled;
  }

  take(state: PlayerState, atMs: number): void {
    if (atMs < this.settled.sinceMs) return;
    const told = Math.round(atMs) * states.length + states.indexOf(state);
    // Nothing comes before the first: before it plays nobody has been without network for long.
    if (this.settled.state === undefined) {
      this.settled = after(this.settled, told);
      this.course = this.settled;
      return;
    }
    const place = this.recent.findLastIndex((earlier) => earlier <= told) + 1;
    const isNewest = place === this.recent.length;
    const recent = this.recent.toSpliced(place, 0, told);
    this.course = isNewest ? after(this.course, told) : recent.reduce(after, this.settled);
    const isFull = recent.length > maxRecent;
    if (isFull) this.settled = after(this.settled, recent[0]!);
    this.recent = isFull ? recent.slice(1) : recent;
  }
}

function after(course: PlayCourse, told: number): PlayCourse {
  const state = states[told % states.length]!;
  const atMs = Math.floor(told / states.length);
  if (state === course.state) return course;
  const { stalls, stalledMs, stalledSinceMs, lastStall } = stallsAfter(course, state, atMs);
  // Written out: what is put together of others takes much more memory.
  return {
    state,
    sinceMs: atMs,
    hasPlayed: course.hasPlayed || state === 'playing',
    watchedMs: course.watchedMs + (course.state === 'playing' ? atMs - course.sinceMs : 0),
    stalls,
    stalledMs,
    stalledSinceMs,
    lastStall,
  };
}

type Stalls = Pick<PlayCourse, 'stalls' | 'stalledMs' | 'stalledSinceMs' | 'lastStall'>;

/** A stall is from `rebuffering` after the first picture to the next one; shaka says `seeking` in between. */
function stallsAfter(course: PlayCourse, state: PlayerState, atMs: number): Stalls {
  const { stalledSinceMs: fromMs, stalls, stalledMs } = course;
  if (fromMs === undefined) {
    const isStall = state === 'rebuffering' && course.hasPlayed;
    return isStall ? { ...course, stalls: stalls + 1, stalledSinceMs: atMs } : course;
  }
  if (state === 'seeking' || state === 'waiting' || state === 'rebuffering') return course;
  if (atMs - fromMs < visibleStallMs) return { ...course, stalls: stalls - 1, stalledSinceMs: undefined };
  const lastStall = { fromMs, toMs: atMs };
  return { stalls, stalledMs: stalledMs + atMs - fromMs, stalledSinceMs: undefined, lastStall };
}
