import { type ListedMedia, listPlaylist } from './media-playlist.ts';

/** A request for a playlist. */
export interface PlaylistFetch {
  readonly kind: 'playlist';
  /** The request line and Host: a viewer adds its own headers. */
  readonly head: string;
  readonly rendition: FollowedRendition;
  readonly isBlocking: boolean;
}

/** A request for an init segment, a segment or a part. */
export interface MediaFetch extends ListedMedia {
  readonly kind: 'media';
  readonly head: string;
}

export type Fetch = PlaylistFetch | MediaFetch;

/** A playlist as it was at one moment, read once for all viewers of this process. */
export interface PlaylistVersion {
  readonly targetDurationMs: number;
  readonly partTargetMs: number;
  readonly partHoldBackMs: number;
  readonly initialization: MediaFetch | undefined;
  /** In order; as whole segments, and as parts where it lists them. */
  readonly segments: readonly MediaFetch[];
  readonly parts: readonly MediaFetch[];
  /** Asks for the first part that is not listed here (RFC 8216bis §6.2.5.2). */
  readonly blockingReload: PlaylistFetch;
  /** When the first viewer of this process had it, monotonic ms. */
  readonly firstSeenMs: number;
}

/** A rendition that any number of viewers follow: all that is the same for each of them is made here, once. */
export class FollowedRendition {
  readonly reload: PlaylistFetch;
  private readonly url: URL;
  /** Media that the last version listed, by URI. */
  private known = new Map<string, MediaFetch>();
  private last: { readonly body: Buffer; readonly version: PlaylistVersion } | undefined;
  /** The last whole answer as it came over the wire, for which no head has to be read again. */
  private lastResponse: Buffer | undefined;
  /** Monotonic time minus media time of the part that came soonest. */
  private anchorMs = Number.POSITIVE_INFINITY;

  constructor(playlistUrl: string) {
    this.url = new URL(playlistUrl);
    this.reload = { kind: 'playlist', head: this.head(this.url), rendition: this, isBlocking: false };
  }

  /** The version an answer holds that is, byte for byte, the one that came before. */
  versionOfRepeated(bytes: Buffer, lengthBytes: number): PlaylistVersion | undefined {
    const { lastResponse } = this;
    if (lastResponse === undefined || lastResponse.length !== lengthBytes) return undefined;
    return bytes.compare(lastResponse, 0, lengthBytes, 0, lengthBytes) === 0 ? this.last?.version : undefined;
  }

  /** The version with this body. `response`, where given, is the whole answer it came in. Throws when it is no playlist. */
  versionOf(body: Buffer, response: Buffer | undefined, nowMs: number): PlaylistVersion {
    if (response !== undefined) this.lastResponse = Buffer.from(response);
    if (this.last?.body.equals(body) === true) return this.last.version;
    const version = this.read(body.toString(), nowMs);
    this.last = { body: Buffer.from(body), version };
    return version;
  }

  /** When a part ought to have been announced, given the one that was announced soonest; monotonic ms. */
  dueMs(part: MediaFetch): number {
    return this.anchorMs + part.endMs;
  }

  private read(text: string, nowMs: number): PlaylistVersion {
    const listed = listPlaylist(text);
    const known = new Map<string, MediaFetch>();
    const isFirst = this.last === undefined;
    const fetchOf = (media: ListedMedia): MediaFetch => {
      const before = this.known.get(media.uri);
      const fetch = before ?? { ...media, kind: 'media', head: this.head(new URL(media.uri, this.url)) };
      known.set(media.uri, fetch);
      if (before === undefined && !isFirst && media.part !== undefined) {
        this.anchorMs = Math.min(this.anchorMs, nowMs - media.endMs);
      }
      return fetch;
    };
    const { initializationUri: uri, next } = listed;
    const blocking = new URL(this.url);
    blocking.search = `_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
    const version: PlaylistVersion = {
      targetDurationMs: listed.targetDurationMs,
      partTargetMs: listed.partTargetMs,
      partHoldBackMs: listed.partHoldBackMs,
      initialization:
        uri === undefined
          ? undefined
          : fetchOf({ uri, msn: -1, part: undefined, durationMs: 0, isIndependent: true, endMs: 0 }),
      segments: listed.segments.map(fetchOf),
      parts: listed.parts.map(fetchOf),
      blockingReload: { kind: 'playlist', head: this.head(blocking), rendition: this, isBlocking: true },
      firstSeenMs: nowMs,
    };
    this.known = known;
    return version;
  }

  private head(url: URL): string {
    return `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n`;
  }
}
