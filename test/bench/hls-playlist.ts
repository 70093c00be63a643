/** What a follower needs of a media playlist (RFC 8216bis §4.4). */
export interface FollowedPlaylist {
  /** Absolute URLs in order. */
  readonly segments: readonly string[];
  readonly parts: readonly string[];
  /** What to ask a blocking reload for: the first part that is not listed. Undefined for a playlist without parts. */
  readonly next: { readonly msn: number; readonly part: number } | undefined;
}

export function readPlaylist(text: string, url: string): FollowedPlaylist {
  const segments: string[] = [];
  const parts: string[] = [];
  let msn = 0;
  let partIndex = 0;
  for (const line of text.split('\n')) {
    const sequence = /^#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(line);
    if (sequence !== null) msn = Number(sequence[1]);
    const part = /^#EXT-X-PART:.*URI="([^"]+)"/.exec(line);
    if (part !== null) {
      parts.push(new URL(part[1] ?? '', url).href);
      partIndex++;
    }
    if (line.startsWith('#') || line.trim() === '') continue;
    segments.push(new URL(line.trim(), url).href);
    msn++;
    partIndex = 0;
  }
  return { segments, parts, next: parts.length === 0 ? undefined : { msn, part: partIndex } };
}
