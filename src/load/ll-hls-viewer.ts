import type { Fetch, FollowedRendition, MediaFetch, PlaylistVersion } from './followed-rendition.ts';
import { PlaybackBuffer } from './playback-buffer.ts';
import type { SimulatedViewer } from './simulated-viewer.ts';

/**
 * A low-latency player (RFC 8216bis §6.2.5.2, §6.3): starts PART-HOLD-BACK before the end at an independent part, asks for the
 * playlist with the next part, which blocks, and fetches each part when it is listed. One request at a time.
 */
export class LlHlsViewer implements SimulatedViewer {
  readonly buffer = new PlaybackBuffer();
  judgedParts = 0;
  lateParts = 0;
  private readonly rendition: FollowedRendition;
  private version: PlaylistVersion | undefined;
  private initialization: MediaFetch | undefined;
  /** The last part it has. */
  private msn = 0;
  private part = 0;
  /** The end of what was there when it came: nothing can be said of how late that was. */
  private joinedMs = 0;
  private reloadAtMs = 0;

  constructor(rendition: FollowedRendition) {
    this.rendition = rendition;
  }

  next(nowMs: number): Fetch | number {
    const { version } = this;
    if (version === undefined) return this.rendition.reload;
    if (version.initialization !== undefined && version.initialization.uri !== this.initialization?.uri) {
      return version.initialization;
    }
    const part = this.nextPart(version);
    if (part !== undefined) return part;
    this.buffer.play(nowMs);
    return nowMs >= this.reloadAtMs ? version.blockingReload : this.reloadAtMs;
  }

  /** Throws when the playlist has no parts: there is nothing to follow. */
  gotPlaylist(version: PlaylistVersion, requestedMs: number): void {
    if (this.version === undefined) this.join(version);
    // A blocking reload brings a part. One that does not must not be repeated at once.
    else if (this.nextPart(version) === undefined) this.reloadAtMs = requestedMs + version.partTargetMs;
    this.version = version;
  }

  gotMedia(media: MediaFetch, nowMs: number): void {
    if (media.part === undefined) {
      this.initialization = media;
      return;
    }
    this.msn = media.msn;
    this.part = media.part;
    this.buffer.add(media.durationMs, nowMs);
    if (media.endMs <= this.joinedMs) return;
    this.judgedParts++;
    if (nowMs > this.rendition.dueMs(media) + (this.version?.partTargetMs ?? 0)) this.lateParts++;
  }

  private join(version: PlaylistVersion): void {
    const { parts, partHoldBackMs } = version;
    const last = parts.at(-1);
    if (last === undefined) throw new Error('the playlist lists no parts');
    let first = parts.findLast(
      (part) => part.isIndependent && last.endMs - part.endMs + part.durationMs >= partHoldBackMs,
    );
    first ??= parts.find((part) => part.isIndependent) ?? last;
    this.msn = first.msn;
    this.part = first.part! - 1;
    this.joinedMs = last.endMs;
  }

  private nextPart(version: PlaylistVersion): MediaFetch | undefined {
    const { parts } = version;
    let index = parts.length;
    while (index > 0 && this.isNew(parts[index - 1]!)) index--;
    return parts[index];
  }

  private isNew(part: MediaFetch): boolean {
    return part.msn > this.msn || (part.msn === this.msn && part.part! > this.part);
  }
}
