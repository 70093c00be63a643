import type { IncomingMessage } from 'node:http';
import { StreamctlError } from '../base/errors.ts';

/** What somebody wants to listen to. */
export interface SocketRequest {
  /** Id or channel; undefined: the whole node. */
  readonly stream: string | undefined;
  /** Number of the last message that was heard over an earlier connection. */
  readonly afterSeq: number | undefined;
  readonly authorization: string | null;
  /** One-time ticket, and token of a signed link, of Sec-WebSocket-Protocol. */
  readonly ticket: string | undefined;
  readonly playbackToken: string | undefined;
}

/** The subprotocol that is agreed upon: it says nothing but who offers a credential beside it wants an answer (RFC 6455 §4.1). */
export const subprotocol = 'streamctl';
const ticketPrefix = 'ticket.';
const playbackPrefix = 'playback.';

/** Throws API_NOT_FOUND. */
export function socketRequestOf({ url = '/', headers }: IncomingMessage): SocketRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const [, name] = /^\/ws\/stream\/([A-Za-z0-9_-]{1,64})$/.exec(pathname) ?? [];
  if (name === undefined && pathname !== '/ws/metrics') {
    throw new StreamctlError('API_NOT_FOUND', { path: pathname.slice(0, 100) });
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/);
  const after = searchParams.get('after') ?? '';
  return {
    stream: name,
    afterSeq: /^\d{1,15}$/.test(after) ? Number(after) : undefined,
    authorization: headers.authorization ?? null,
    ticket: shownAfter(offered, ticketPrefix),
    playbackToken: shownAfter(offered, playbackPrefix),
  };
}

/**
 * Whether the page that opens a WebSocket is one of ours: browsers let pages of any site open one, and tell which it is (RFC 6455 §10.2).
 * Programs tell nothing.
 */
export function isOwnOrigin({ headers }: IncomingMessage, publicUrl: string): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const { host: from, protocol } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return from === host?.toLowerCase() || from === new URL(publicUrl).host;
}

function shownAfter(offered: readonly string[], prefix: string): string | undefined {
  return offered.find((one) => one.startsWith(prefix))?.slice(prefix.length);
}
