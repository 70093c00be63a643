/** On every playback answer: any page may read it, and time it; there is nothing private in it. */
export const openHeaders: readonly string[] = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Age, Date, ETag, Content-Length, Content-Range, CMSD-Static, CMSD-Dynamic',
  'Timing-Allow-Origin',
  '*',
  'Cross-Origin-Resource-Policy',
  'cross-origin',
  'X-Content-Type-Options',
  'nosniff',
];

/** The request header by which an edge shows `auth.edge_secret`. */
export const edgeHeader = 'streamctl-edge';

export const allowedMethods = 'GET, HEAD, OPTIONS';

/** What a preflight asks for: CMCD in header mode, ranges, revalidation. */
export const preflightHeaders: readonly string[] = [
  'Access-Control-Allow-Methods',
  allowedMethods,
  'Access-Control-Allow-Headers',
  'CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status, Range, If-Range, If-None-Match, If-Modified-Since, Cache-Control',
  'Access-Control-Max-Age',
  '86400',
  'Allow',
  allowedMethods,
  'Cache-Control',
  'max-age=86400',
];

/** Cache-Control by kind of resource, for a target duration in seconds. */
export const cacheControl = {
  immutable: 'public, max-age=86400, immutable',
  never: 'no-store',
  /** 404 and 400: a cache must not keep them past the moment they stop being true. */
  refusal: 'max-age=1',
  presentation: (targetDurationSeconds: number) => `max-age=${Math.max(1, Math.floor(targetDurationSeconds / 2))}`,
  /** It is replaced a few seconds later, and an older one does no harm. */
  thumbnail: 'public, max-age=4, stale-if-error=60',
  /** Under a channel's name, which will mean the next broadcast soon. */
  byChannel: 'max-age=1',
  playlist: (targetDurationSeconds: number) =>
    `max-age=${targetDurationSeconds < 2 ? 0 : 1}, stale-if-error=${2 * targetDurationSeconds}`,
  /** With _HLS_msn in the URL, the answer to that URL has been given for good. */
  reachedPlaylist: (targetDurationSeconds: number) => `max-age=${6 * targetDurationSeconds}`,
} as const;
