import { setTimeout as delay } from 'node:timers/promises';
import { benchClip } from './clip.ts';
import { type FrameAges, measureAges } from './latency.ts';
import type { Peer } from './peers/peer.ts';
import { streamctl } from './peers/streamctl.ts';
import { PublisherProcess, type PublisherReport } from './publisher-process.ts';
import type { Report } from './report.ts';
import { tenths } from './sampled-usage.ts';
import { startSmallBroadcast } from './small-broadcast.ts';
import { type WatchedFigures, watchLoad } from './watched-load.ts';

export interface MixedOptions {
  readonly publishers: number;
  readonly viewers: number;
  readonly seconds: number;
}

const startTimeoutMs = 30_000;
/** The probe publishes while the viewers arrive, too: its age is measured over all of it. */
const probeLeadSeconds = 2;

/**
 * Broadcasts of 2.5 Mbit/s that nobody watches, and plain HLS viewers of one more of 450 kbit/s. A probe broadcast of 2.5 Mbit/s carries
 * numbers in its frames, and is downloaded by this process as fast as low latency allows.
 */
export async function benchMixed(options: MixedOptions, report: Report, signal: AbortSignal): Promise<void> {
  const { publishers, viewers, seconds } = options;
  report.progress(`streamctl: ${publishers} publishers, ${viewers} hls viewers of one more, ${seconds} s …`);
  const clipFile = await benchClip();
  const peer = await streamctl.start(signal);
  try {
    const urls = Array.from({ length: publishers }, (_, index) => peer.publishUrl(index));
    const staggerMs = Math.min(200, 2000 / publishers);
    const group = new PublisherProcess({ clipFile, urls, chunkSizeBytes: 4096, staggerMs });
    try {
      await group.untilLive(publishers, AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]));
      const [watched, probe] = await watchBeside(peer, clipFile, options, signal);
      const published = await group.stop();
      tell(options, { watched, probe, published }, report);
    } finally {
      await group.stop().catch(() => undefined);
    }
  } finally {
    await peer.stop();
  }
}

/** The viewers' figures, and the ages of the probe's frames. */
export async function watchBeside(
  peer: Peer,
  clipFile: string,
  { publishers, viewers, seconds }: MixedOptions,
  signal: AbortSignal,
): Promise<[WatchedFigures, FrameAges]> {
  const broadcast = await startSmallBroadcast(peer, publishers, signal);
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  try {
    const { playlistUrl } = broadcast;
    const watching = watchLoad({
      kind: 'hls',
      playlistUrls: [playlistUrl],
      viewers,
      seconds,
      pid: peer.pid,
      signal: ended,
    });
    const probing = delay(probeLeadSeconds * 1000, undefined, { signal: ended }).then(() =>
      measureAges(broadcastOf(peer, publishers + 1), clipFile, seconds, ended),
    );
    const [watched, ages] = await Promise.all([watching, probing]);
    const probe = ages.get('LL-HLS parts');
    if (probe === undefined) throw new Error('the probe was not listed in parts');
    return [watched, probe];
  } finally {
    stop.abort();
    await broadcast.stop();
  }
}

/** The same server, with another broadcast for its first. */
function broadcastOf(peer: Peer, index: number): Peer {
  return {
    pid: peer.pid,
    publishUrl: () => peer.publishUrl(index),
    playlistUrl: () => peer.playlistUrl?.(index) ?? '',
    stop: peer.stop,
  };
}

function tell(
  options: MixedOptions,
  found: { watched: WatchedFigures; probe: FrameAges; published: PublisherReport },
  report: Report,
): void {
  const { watched, probe, published } = found;
  const ages = probe.ages();
  const { publishers } = options;
  const publisher_max_late_ms = tenths(published.maxLateMs);
  report.line({
    server: 'streamctl',
    publishers,
    lost: published.lost,
    publisher_max_late_ms,
    ...watched,
    probe_age_ms: ages,
    probe_missing_frames: probe.missing(),
  });
  report.table([
    [
      'publishers',
      'lost',
      'viewers',
      'req/s',
      'list p99 ms',
      'media p99',
      'stalls',
      'errors',
      'probe age p95',
      '% core',
      'RSS MiB end',
      'gen late ms',
    ],
    [
      publishers,
      published.lost,
      watched.viewers,
      watched.requests_per_second,
      watched.playlist_ms?.p99 ?? '',
      watched.media_ms?.p99 ?? '',
      watched.stalls,
      watched.errors,
      ages?.p95 ?? '',
      watched.core_percent,
      watched.rss_mib[2],
      watched.generator_saturated ? `${watched.generator_max_late_ms} saturated` : watched.generator_max_late_ms,
    ],
  ]);
}
