import { setTimeout as delay } from 'node:timers/promises';
import type { Distribution } from '../../src/load/latency-histogram.ts';
import { benchClip } from './clip.ts';
import { followDash, readLowLatencyMpd } from './dash-follower.ts';
import { elementaryStreams, findStamps } from './frame-stamp.ts';
import { firstPlaylist, followParts, followSegments, type OnMedia } from './hls-followers.ts';
import type { Peer, PeerKind } from './peers/peer.ts';
import { distributionOf, rounded } from './percentiles.ts';
import type { Report } from './report.ts';
import { stampedPublisher } from './stamped-publisher.ts';

export interface LatencyOptions {
  readonly peers: readonly PeerKind[];
  readonly seconds: number;
}

const pollMs = 50;

/**
 * The age of every video frame at the moment its last byte can have been downloaded. Each frame carries a number; this process
 * publishes and downloads, so one monotonic clock gives both times. Servers run one after the other.
 */
export async function benchLatency(options: LatencyOptions, report: Report, signal: AbortSignal): Promise<void> {
  const clipFile = await benchClip();
  const rows: (string | number)[][] = [];
  for (const kind of options.peers) {
    report.progress(`${kind.name}: ${options.seconds} s …`);
    const peer = await kind.start(signal);
    try {
      for (const [delivery, frames] of await measureAges(peer, clipFile, options.seconds, signal)) {
        const ages = frames.ages();
        if (ages === undefined) throw new Error(`${kind.name}: no frame came by ${delivery}`);
        report.line({ server: kind.name, delivery, missing_frames: frames.missing(), age_ms: ages });
        rows.push([kind.name, delivery, ages.p50, ages.p95, ages.p99, ages.max, ages.count, frames.missing()]);
      }
    } finally {
      await peer.stop();
    }
  }
  report.table([['server', 'delivery', 'p50 ms', 'p95', 'p99', 'max', 'frames', 'missing'], ...rows]);
}

/** Publishes as broadcast 0 of `peer` for `seconds`; the frames that came, by way of delivery. */
export async function measureAges(
  peer: Peer,
  clipFile: string,
  seconds: number,
  signal: AbortSignal,
): Promise<Map<string, FrameAges>> {
  const playlistUrl = peer.playlistUrl?.(0);
  if (playlistUrl === undefined) throw new Error('this server has no HLS to measure');
  const { publisher, sentAtMs } = await stampedPublisher(clipFile, peer.publishUrl(0));
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const publishing = publisher.run(ended);
  publishing.catch(() => undefined); // awaited below, unless something else fails first
  const bySegments = new FrameAges(sentAtMs);
  const byParts = new FrameAges(sentAtMs);
  const byChunks = new FrameAges(sentAtMs);
  const results = new Map([['whole segments', bySegments]]);
  try {
    const playlist = await firstPlaylist(playlistUrl, AbortSignal.any([signal, AbortSignal.timeout(20_000)]));
    const followers = [followSegments(playlistUrl, pollMs, bySegments.receive, ended)];
    if (playlist.includes('#EXT-X-PART:')) {
      followers.push(followParts(playlistUrl, byParts.receive, ended));
      results.set('LL-HLS parts', byParts);
    }
    const mpdUrl = peer.mpdUrl?.(0);
    const mpd = mpdUrl === undefined ? undefined : readLowLatencyMpd(await (await fetch(mpdUrl, { signal })).text());
    if (mpdUrl !== undefined && mpd !== undefined) {
      followers.push(followDash(mpdUrl, mpd, byChunks.receive, ended));
      results.set('LL-DASH chunks', byChunks);
    }
    await Promise.race([delay(seconds * 1000, undefined, { signal }), publishing, ...followers]);
    stop.abort();
    await Promise.all([publishing, ...followers]);
    return results;
  } finally {
    stop.abort();
  }
}

/** The frames that came by one way of delivery. */
export class FrameAges {
  private readonly sentAtMs: readonly number[];
  private readonly agesMs = new Map<number, number>();

  constructor(sentAtMs: readonly number[]) {
    this.sentAtMs = sentAtMs;
  }

  readonly receive: OnMedia = (bytes, url, atMs) => {
    const pieces = new URL(url).pathname.endsWith('.ts') ? elementaryStreams(bytes) : [bytes];
    for (const number of pieces.flatMap(findStamps)) {
      const sentMs = this.sentAtMs[number];
      if (sentMs !== undefined && !this.agesMs.has(number)) this.agesMs.set(number, atMs - sentMs);
    }
  };

  ages(): Distribution | undefined {
    const distribution = distributionOf([...this.agesMs.values()]);
    return distribution && rounded(distribution);
  }

  /** Frames between the first and the last that came which did not. */
  missing(): number {
    const numbers = [...this.agesMs.keys()];
    return numbers.length === 0 ? 0 : Math.max(...numbers) - Math.min(...numbers) + 1 - numbers.length;
  }
}
