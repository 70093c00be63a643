import { setTimeout as delay } from 'node:timers/promises';
import { type ListedPlaylist, listPlaylist } from '../../../src/load/media-playlist.ts';

const sampleMs = 100;
const freshTargetDurations = 3;

/** Media is fresh while the newest of it is no older than three target durations, or its publisher not yet here for that long. */
export function isFresh(playlist: ListedPlaylist, wallMs: number, connectedForMs: number): boolean {
  const { segments, parts, targetDurationMs } = playlist;
  const endMs = Math.max(segments.at(-1)?.endMs ?? 0, parts.at(-1)?.endMs ?? 0);
  return Math.min(wallMs - endMs, connectedForMs) <= freshTargetDurations * targetDurationMs;
}

/** Looks at a playlist ten times a second: for how much of the time with a publisher its media was fresh. */
export class Freshness {
  freshMs = 0;
  staleMs = 0;
  private readonly playlistUrl: string;
  private readonly connectedSinceMs: () => number | undefined;

  /** `connectedSinceMs`: monotonic; undefined while there is no publisher. */
  constructor(playlistUrl: string, connectedSinceMs: () => number | undefined) {
    this.playlistUrl = playlistUrl;
    this.connectedSinceMs = connectedSinceMs;
  }

  get connectedMs(): number {
    return this.freshMs + this.staleMs;
  }

  /** Until `signal` is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    let countedMs = performance.now();
    while (!signal.aborted) {
      const sinceMs = this.connectedSinceMs();
      const isGood = sinceMs !== undefined && (await this.looksFresh(sinceMs));
      const nowMs = performance.now();
      if (isGood) this.freshMs += nowMs - countedMs;
      else if (sinceMs !== undefined) this.staleMs += nowMs - countedMs;
      countedMs = nowMs;
      await delay(sampleMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async looksFresh(connectedSinceMs: number): Promise<boolean> {
    try {
      const answer = await fetch(this.playlistUrl);
      const text = await answer.text();
      return answer.ok && isFresh(listPlaylist(text), Date.now(), performance.now() - connectedSinceMs);
    } catch {
      return false;
    }
  }
}
