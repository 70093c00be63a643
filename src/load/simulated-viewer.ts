import type { Fetch, MediaFetch, PlaylistVersion } from './followed-rendition.ts';
import type { PlaybackBuffer } from './playback-buffer.ts';

/** What a player does and when, without the network: driven by answers and by a clock. All times are monotonic ms. */
export interface SimulatedViewer {
  readonly buffer: PlaybackBuffer;
  /** Parts whose arrival in time could be judged, and those that came more than a part target late. */
  readonly judgedParts: number;
  readonly lateParts: number;
  /** What it wants now that nothing is under way: something to fetch, or to be asked again at a time. */
  next(nowMs: number): Fetch | number;
  gotPlaylist(version: PlaylistVersion, requestedMs: number, nowMs: number): void;
  gotMedia(media: MediaFetch, nowMs: number): void;
}
