import type { PlayerState } from '../cmcd/report.ts';
import type { StateLog } from './state-log.ts';

/** What a player has posted of itself. Most post nothing, so it is kept apart from their sessions. */
export class PostedState {
  /** It tells totals of its own, which are better than what can be seen from here. */
  hasPageTotals = false;
  /** It tells what it was answered, by whomever. */
  hasResponses = false;
  /** Name and version, as it tells them itself. */
  playerName: string | undefined;
  /** By the player's clock. */
  firstEventMs: number | undefined;
  /** Undefined: it tells none, or none but that it leaves, or totals. */
  states: StateLog | undefined;
  /** By its clock, when it told its newest totals, and the state that it was in. */
  totalsAtMs: number | undefined;
  totalsState: PlayerState | undefined;
  /** How far its clock is behind the one here, at most. */
  clockBehindMs = Number.POSITIVE_INFINITY;
  totalFrames: number | undefined;
  droppedFrames: number | undefined;
  /** Quality changes that the page has told, with those that were forgotten. */
  qualityCount = 0;
}

/** How a player's picture goes on, by what its requests say. */
export class PictureSigns {
  /** When it asked for what its picture waits for at first. */
  firstRequestMs: number | undefined;
  /** It moves, or has moved. */
  hasBegun: boolean;
  /** It stands. */
  isStarving = false;
  lastStarvedMs = 0;
  /** It says that it has starved, and a stall was counted, of which nothing else tells yet. */
  isDoubted = false;
  /** From live to the picture when that moved last. */
  distanceMs: number | undefined;
  /** The same, at most, while it stands. */
  starvedDistanceMs = 0;
  /** Since when it is much further behind, and has not said why. */
  fartherSinceMs: number | undefined;
  /** So long what it had is enough to show. */
  filledUntilMs = 0;

  /** `hasBegun`: as is known by other signs. */
  constructor(hasBegun: boolean) {
    this.hasBegun = hasBegun;
  }
}
