import { type LiveListing, writeLiveList } from './live-list.ts';
import { fillPage, loadWebAssets, type WebAsset, type WebAssets } from './web-assets.ts';

export interface WebRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface WebResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD and 304. */
  readonly body: Uint8Array;
}

/** Answers what belongs to the pages; `undefined`, at once, for every other path. */
export type WebPages = (request: WebRequest) => Promise<WebResponse> | undefined;

/**
 * The watch page (`/watch/NAME`), the embeddable player (`/embed/NAME`), both also behind the token of a signed link, the landing page
 * (`/`), the reference of the API (`/docs`) and what they load (`/assets/…`). `load` is called at the first request and its result kept; after a failure it is called again. `liveStreams` is
 * asked for at each request of the landing page.
 */
export function webPages(
  load: () => Promise<WebAssets> = loadWebAssets,
  liveStreams: () => readonly LiveListing[] = () => [],
): WebPages {
  let loading: Promise<WebAssets> | undefined;
  const loadOnce = () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  let filled: { readonly cards: string; readonly page: Promise<WebAsset> } | undefined;
  const landing = (asset: WebAsset) => {
    const cards = writeLiveList(liveStreams());
    if (filled?.cards !== cards) filled = { cards, page: fillPage(asset, cards) };
    return filled.page;
  };
  return (request) => {
    const key = assetKey(request.path);
    if (key === undefined) return undefined;
    return loadOnce().then(async (assets) => {
      const asset = assets.get(key);
      return respond(request, key, key === '/' && asset !== undefined ? await landing(asset) : asset);
    });
  };
}

function assetKey(path: string): string | undefined {
  if (path === '/' || path.startsWith('/assets/')) return path;
  if (path === '/docs' || path === '/docs/') return '/docs';
  return /^(?:\/t\/[^/]+)?(\/watch|\/embed)\/[^/]+\/?$/.exec(path)?.[1];
}

const empty = new Uint8Array(0);

function respond(request: WebRequest, key: string, asset: WebAsset | undefined): WebResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, { allow: 'GET, HEAD' });
  if (asset === undefined) return plain(404, {});
  const headers: Record<string, string> = {
    ...securityHeaders(key),
    'content-type': asset.contentType,
    'cache-control': asset.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'Accept-Encoding',
    etag: asset.etag,
  };
  if (listOf(request.headers['if-none-match']).some((tag) => tag === '*' || tag.replace(/^W\//, '') === asset.etag)) {
    return { status: 304, headers, body: empty };
  }
  const isGzipped = acceptsGzip(request.headers['accept-encoding']);
  if (isGzipped) {
    headers['content-encoding'] = 'gzip';
    headers.etag = `W/${asset.etag}`; // the same tag for other bytes is only weakly equal
  }
  const body = isGzipped ? asset.gzipped : asset.body;
  headers['content-length'] = String(body.length);
  return { status: 200, headers, body: request.method === 'HEAD' ? empty : body };
}

function plain(status: number, headers: Readonly<Record<string, string>>): WebResponse {
  const body = new TextEncoder().encode(status === 404 ? 'Not found\n' : 'Method not allowed\n');
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'content-length': String(body.length),
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body,
  };
}

/**
 * Everything from this server, nothing inline. `blob:` is what Media Source needs: the video's own URL, and hls.js' worker
 * where a browser insists on one. Only the embeddable player may be framed.
 */
function securityHeaders(key: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${key === '/embed' ? '*' : "'none'"}`,
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}

function listOf(value: string | readonly string[] | undefined): string[] {
  return (typeof value === 'string' ? value : (value ?? []).join(',')).split(',').map((item) => item.trim());
}

/** Whether gzip is named and not refused by a quality of zero (RFC 9110 §12.5.3). */
function acceptsGzip(value: string | readonly string[] | undefined): boolean {
  return listOf(value).some((item) => /^gzip\s*(;|$)/i.test(item) && !/;\s*q=0(\.0*)?\s*$/i.test(item));
}
