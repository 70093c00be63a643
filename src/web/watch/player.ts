import type { QualitySwitch } from './quality-history.ts';

/** One quality a viewer can choose. */
export interface Quality {
  /** What `select` takes. */
  readonly index: number;
  readonly label: string;
}

/** How a playback came to its end. */
export type PlaybackEnd = 'ended' | 'lost';

/** What a player tells while it plays. */
export interface PlayerEvents {
  /** Pictures move. */
  readonly onPlaying: () => void;
  /** The server lists no media for now, or lists media again. */
  readonly onInterrupted: (interrupted: boolean) => void;
  readonly onQualities: (qualities: readonly Quality[]) => void;
  /** Another quality is on screen. */
  readonly onSwitched: (change: QualitySwitch) => void;
  /** The last call. */
  readonly onEnd: (end: PlaybackEnd) => void;
}

/** What is playing at this moment. */
export interface PlaybackFacts {
  /** Wall clock time at which the frame on screen was made, ms since the epoch. */
  readonly frameWallMs: number | undefined;
  /** Quality on screen, such as `1080p`. */
  readonly qualityLabel: string | undefined;
  readonly bitrateBps: number | undefined;
  /** How far the frame on screen is behind the newest one that could be played without risk, seconds. */
  readonly behindLiveSeconds: number;
}

/** An engine that plays one broadcast into one video element. */
export interface Player {
  facts(): PlaybackFacts;
  /** Fixes the quality, or leaves it to the player (`undefined`). */
  select(index: number | undefined): void;
  seekToLive(): void;
  destroy(): void;
}
