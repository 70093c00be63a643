import type { Fetch, FollowedRendition, MediaFetch, PlaylistVersion } from './followed-rendition.ts';
import { PlaybackBuffer } from './playback-buffer.ts';
import type { SimulatedViewer } from './simulated-viewer.ts';

/** Players start three segments before the end (RFC 8216bis §6.3.3). */
const startSegments = 3;

/**
 * A player that knows whole segments only: asks for the playlist once a target duration, after half of one when there was no new
 * segment (RFC 8216bis §6.3.4), fetches each segment once, and starts when it has three.
 */
export class HlsViewer implements SimulatedViewer {
  readonly buffer = new PlaybackBuffer();
  readonly judgedParts = 0;
  readonly lateParts = 0;
  private readonly rendition: FollowedRendition;
  private version: PlaylistVersion | undefined;
  private initialization: MediaFetch | undefined;
  private nextMsn = 0;
  private segments = 0;
  private reloadAtMs = Number.NEGATIVE_INFINITY;

  constructor(rendition: FollowedRendition) {
    this.rendition = rendition;
  }

  next(nowMs: number): Fetch | number {
    const { version } = this;
    if (version === undefined) return this.rendition.reload;
    if (version.initialization !== undefined && version.initialization.uri !== this.initialization?.uri) {
      return version.initialization;
    }
    const { segments } = version;
    let index = segments.length;
    while (index > 0 && segments[index - 1]!.msn >= this.nextMsn) index--;
    if (index < segments.length) return segments[index]!;
    return nowMs >= this.reloadAtMs ? this.rendition.reload : this.reloadAtMs;
  }

  gotPlaylist(version: PlaylistVersion, requestedMs: number): void {
    const lastMsn = version.segments.at(-1)?.msn ?? -1;
    if (this.version === undefined) this.nextMsn = Math.max(0, lastMsn - startSegments + 1);
    this.version = version;
    const waitMs = lastMsn >= this.nextMsn ? version.targetDurationMs : version.targetDurationMs / 2;
    // On its own grid: after a moment in which this machine stood still, viewers do not all ask in step for ever after.
    const isOnTime = requestedMs - this.reloadAtMs < version.targetDurationMs / 2;
    this.reloadAtMs = (isOnTime ? this.reloadAtMs : requestedMs) + waitMs;
  }

  gotMedia(media: MediaFetch, nowMs: number): void {
    if (media.uri === this.version?.initialization?.uri) {
      this.initialization = media;
      return;
    }
    this.nextMsn = media.msn + 1;
    this.buffer.add(media.durationMs, nowMs);
    this.segments++;
    if (this.segments === startSegments) this.buffer.play(nowMs);
  }
}
