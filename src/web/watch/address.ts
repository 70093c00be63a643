/** What a page's own URL says: which stream it shows, and how. */
export interface WatchAddress {
  /** Stream id or channel name, decoded for people to read. */
  readonly name: string;
  readonly isEmbedded: boolean;
  /** Absolute, so that no player resolves it against something else. */
  readonly playlistUrl: string;
  /** Where the page tells what its viewer experiences. */
  readonly reportUrl: string;
  /** What the broadcast looked like a moment ago. */
  readonly posterUrl: string;
  /** The link a viewer passes on: the watch page, also from an embedded player. */
  readonly shareUrl: string;
}

/** Reads `/watch/NAME` and `/embed/NAME`, also behind a path prefix; `undefined` when the URL names no stream. */
export function readWatchAddress(href: string): WatchAddress | undefined {
  const url = new URL(href);
  const match = /^(.*)\/(watch|embed)\/([^/]+)\/?$/.exec(url.pathname);
  if (match === null) return undefined;
  const [, prefix = '', page = '', encodedName = ''] = match;
  return {
    name: decoded(encodedName),
    isEmbedded: page === 'embed',
    playlistUrl: `${url.origin}${prefix}/hls/${encodedName}/index.m3u8`,
    reportUrl: `${url.origin}${prefix}/cmcd`,
    posterUrl: `${url.origin}${prefix}/thumb/${encodedName}.jpg`,
    shareUrl: `${url.origin}${prefix}/watch/${encodedName}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign: shown as it was typed
  }
}
