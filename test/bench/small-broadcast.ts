import { listPlaylist } from '../../src/load/media-playlist.ts';
import { firstPlaylist } from './hls-followers.ts';
import type { Peer } from './peers/peer.ts';
import { PublisherProcess } from './publisher-process.ts';
import { smallClip } from './small-clip.ts';

/** A broadcast of 450 kbit/s, for viewers. */
export interface SmallBroadcast {
  /** Its media playlist, under the name players find in the multivariant playlist. */
  readonly playlistUrl: string;
  /** Resolves with how many publishers were lost. */
  stop(): Promise<number>;
}

const startTimeoutMs = 30_000;
/** As many as a player of plain HLS begins with, and one more. */
const leastSegments = 4;

/** Publishes as broadcast `index`, and resolves when it has enough segments to begin with. */
export async function startSmallBroadcast(peer: Peer, index: number, signal: AbortSignal): Promise<SmallBroadcast> {
  const mediaUrl = peer.playlistUrl?.(index);
  if (mediaUrl === undefined) throw new Error('this server has no HLS to watch');
  const clipFile = await smallClip();
  const urls = [peer.publishUrl(index)];
  const publisher = new PublisherProcess({ clipFile, urls, chunkSizeBytes: 4096, staggerMs: 0 });
  const patience = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  try {
    await publisher.untilLive(1, patience);
    await firstPlaylist(mediaUrl, patience);
    const playlistUrl = await variantUrl(new URL('../index.m3u8', mediaUrl).href, patience);
    await untilSegments(playlistUrl, patience);
    return { playlistUrl, stop: async () => (await publisher.stop()).lost };
  } catch (error) {
    await publisher.stop().catch(() => undefined);
    throw error;
  }
}

/** The first variant of a multivariant playlist. */
async function variantUrl(multivariantUrl: string, signal: AbortSignal): Promise<string> {
  const text = await (await fetch(multivariantUrl, { signal })).text();
  const uri = /^#EXT-X-STREAM-INF.*\n(.+)$/m.exec(text)?.[1];
  if (uri === undefined) throw new Error(`${multivariantUrl} lists no variant`);
  return new URL(uri, multivariantUrl).href;
}

/** Each answer comes with the next segment: no polling. */
async function untilSegments(playlistUrl: string, signal: AbortSignal): Promise<void> {
  for (let query = ''; ; ) {
    const { segments, next } = listPlaylist(await (await fetch(`${playlistUrl}${query}`, { signal })).text());
    if (segments.length >= leastSegments) return;
    query = `?_HLS_msn=${next.msn}`;
  }
}
