import type { LinkFault } from './page-state.ts';

/** A broadcast that can be played now, as its multivariant playlist told. */
export interface Broadcast {
  /** Tells two broadcasts of one channel apart: where the first media playlist lies. */
  readonly identity: string;
  /** How far this device's clock is ahead of the server's, ms; zero while within the precision of a Date header. */
  readonly clockAheadMs: number;
}

/** Why there is nothing to play yet. */
export type Absence = 'offline' | 'starting' | 'unreachable' | LinkFault;

/** What one look at the playlist gives. */
export type Sighting = { readonly broadcast: Broadcast } | { readonly absence: Absence };

/** Date headers count whole seconds, and the answer took a moment: smaller differences mean nothing. */
const clockPrecisionMs = 1500;

const firstDelayMs = 1000;
const longestDelayMs = 5000;

/** Where the first variant of a multivariant playlist lies; `undefined` when the text is no such playlist. */
export function identityOf(playlist: string, playlistUrl: string): string | undefined {
  const lines = playlist.split(/\r?\n/);
  if (lines[0] !== '#EXTM3U') return undefined;
  const uri = lines.find((line) => line !== '' && !line.startsWith('#'));
  return uri === undefined ? undefined : new URL(uri, playlistUrl).href;
}

/** How long to wait before look number `attempt` (from 1): soon at first, then at a pace that costs the server nothing. */
export function delayBeforeMs(attempt: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 1.5 ** (attempt - 1));
}

/** How far a clock that shows `nowMs` is ahead of the one that wrote `dateHeader`. */
export function clockAheadMs(dateHeader: string | null, nowMs: number): number {
  const serverMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader) + 500;
  const aheadMs = nowMs - serverMs;
  return Number.isNaN(aheadMs) || Math.abs(aheadMs) < clockPrecisionMs ? 0 : aheadMs;
}

/** Asks once for the multivariant playlist. Never throws, except the signal's reason. */
export async function lookForBroadcast(playlistUrl: string, signal: AbortSignal): Promise<Sighting> {
  try {
    const response = await fetch(playlistUrl, { signal, cache: 'no-cache' });
    if (response.status === 503) return { absence: 'starting' };
    if (response.status === 401 || response.status === 403) return { absence: linkFault(await response.text()) };
    if (response.status >= 500) return { absence: 'unreachable' };
    if (!response.ok) return { absence: 'offline' };
    const identity = identityOf(await response.text(), playlistUrl);
    if (identity === undefined) return { absence: 'offline' };
    return { broadcast: { identity, clockAheadMs: clockAheadMs(response.headers.get('date'), Date.now()) } };
  } catch {
    signal.throwIfAborted();
    return { absence: 'unreachable' };
  }
}

/** What the server says, or an edge in front of it that knows no words. */
function linkFault(body: string): LinkFault {
  if (body.includes('ACCESS_PLAYBACK_TOKEN_EXPIRED')) return 'link-expired';
  return body.includes('ACCESS_PLAYBACK_TOKEN_MISSING') ? 'link-missing' : 'link-invalid';
}

/**
 * Resolves with the first broadcast that is not the one called `endedIdentity`: an ended one stays listed for a while,
 * and would only end again. Tells each look that found nothing to `onAbsence`.
 */
export async function waitForBroadcast(
  playlistUrl: string,
  endedIdentity: string | undefined,
  onAbsence: (absence: Absence) => void,
  signal: AbortSignal,
): Promise<Broadcast> {
  let ended = endedIdentity;
  for (let attempt = 1; ; attempt++) {
    const sighting = await lookForBroadcast(playlistUrl, signal);
    if ('broadcast' in sighting) {
      if (sighting.broadcast.identity !== ended) return sighting.broadcast;
    } else {
      if (sighting.absence === 'offline') ended = undefined; // gone: whatever comes next is new
      onAbsence(sighting.absence);
    }
    await pause(delayBeforeMs(attempt), signal);
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The stream's id, from where a broadcast's media lies. */
export function streamIdOf({ identity }: Broadcast): string {
  return new URL(identity).pathname.split('/').at(-3) ?? '';
}
