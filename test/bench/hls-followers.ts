import { setTimeout as delay } from 'node:timers/promises';
import { readPlaylist } from './hls-playlist.ts';

/** Hears of each piece of media when its last byte is here. `atMs` is of the monotonic clock. */
export type OnMedia = (bytes: Uint8Array, url: string, atMs: number) => void;

/** Fetches every segment as soon as a playlist, asked for every `pollMs`, lists it. Ends without complaint when `signal` is aborted. */
export function followSegments(
  playlistUrl: string,
  pollMs: number,
  onMedia: OnMedia,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set<string>();
  return untilAborted(signal, async () => {
    const playlist = readPlaylist(await text(playlistUrl, signal), playlistUrl);
    const fresh = seen.size === 0 ? playlist.segments.slice(-1) : playlist.segments.filter((url) => !seen.has(url));
    for (const url of playlist.segments) seen.add(url);
    for (const url of fresh) await download(url, onMedia, signal);
    await delay(pollMs, undefined, { signal });
  });
}

/** Does what a low-latency player does (RFC 8216bis §6.2.5.2): asks for the playlist with the next part, which blocks, and fetches the part. */
export function followParts(playlistUrl: string, onMedia: OnMedia, signal: AbortSignal): Promise<void> {
  const seen = new Set<string>();
  let url = playlistUrl;
  return untilAborted(signal, async () => {
    const playlist = readPlaylist(await text(url, signal), playlistUrl);
    if (playlist.next === undefined) throw new Error(`${playlistUrl} lists no parts`);
    const fresh = seen.size === 0 ? playlist.parts.slice(-1) : playlist.parts.filter((part) => !seen.has(part));
    for (const part of playlist.parts) seen.add(part);
    for (const part of fresh) await download(part, onMedia, signal);
    url = `${playlistUrl}?_HLS_msn=${playlist.next.msn}&_HLS_part=${playlist.next.part}`;
  });
}

/** Resolves with the first playlist that lists a segment. */
export async function firstPlaylist(playlistUrl: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const response = await fetch(playlistUrl, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    const body = (await response?.text()) ?? '';
    if (response?.ok === true && readPlaylist(body, playlistUrl).segments.length > 0) return body;
    await delay(100, undefined, { signal });
  }
}

async function untilAborted(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await step();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

async function text(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return await response.text();
}

async function download(url: string, onMedia: OnMedia, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const bytes = await response.bytes();
  onMedia(bytes, url, performance.now());
}
