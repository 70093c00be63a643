import { setTimeout as delay } from 'node:timers/promises';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import { benchClip } from './clip.ts';
import type { Peer, PeerKind } from './peers/peer.ts';
import { PublisherProcess } from './publisher-process.ts';
import type { Report } from './report.ts';

export interface IngestOptions {
  readonly peers: readonly PeerKind[];
  readonly publisherCounts: readonly number[];
  readonly chunkSizesBytes: readonly number[];
  /** How long is measured, after `settleMs`. */
  readonly seconds: number;
}

interface IngestResult {
  readonly server: string;
  readonly work: string;
  readonly publishers: number;
  readonly chunk_size: number;
  readonly cpu_ms_per_stream_second: number;
  readonly core_percent: number;
  readonly rss_mib: number;
  readonly pss_mib: number;
  readonly lost: number;
  readonly publisher_max_late_ms: number;
}

/** Long enough for every output to exist and for a window of 2 s segments to be in motion. */
const settleMs = 6000;

/** What a publisher of 2.5 Mbit/s costs a server in CPU time and memory, each server started anew for each number of publishers. */
export async function benchIngest(options: IngestOptions, report: Report, signal: AbortSignal): Promise<void> {
  const clipFile = await benchClip();
  const results: IngestResult[] = [];
  for (const chunkSizeBytes of options.chunkSizesBytes) {
    for (const count of options.publisherCounts) {
      for (const kind of options.peers) {
        report.progress(`${kind.name}: ${count} publishers, chunks of ${chunkSizeBytes}, ${options.seconds} s …`);
        const peer = await kind.start(signal);
        try {
          const result = await measure({
            kind,
            peer,
            clipFile,
            count,
            chunkSizeBytes,
            seconds: options.seconds,
            signal,
          });
          results.push(result);
          report.line({ ...result });
        } finally {
          await peer.stop();
        }
      }
    }
  }
  summarise(results, report);
}

async function measure(task: {
  readonly kind: PeerKind;
  readonly peer: Peer;
  readonly clipFile: string;
  readonly count: number;
  readonly chunkSizeBytes: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}): Promise<IngestResult> {
  const { kind, peer, clipFile, count, chunkSizeBytes, seconds, signal } = task;
  const urls = Array.from({ length: count }, (_, index) => peer.publishUrl(index));
  const publishers = new PublisherProcess({ clipFile, urls, chunkSizeBytes, staggerMs: Math.min(200, 2000 / count) });
  try {
    await publishers.untilLive(count, AbortSignal.any([signal, AbortSignal.timeout(15_000)]));
    await delay(settleMs, undefined, { signal });
    const before = readProcessUsage(peer.pid);
    const beganMs = performance.now();
    await delay(seconds * 1000, undefined, { signal });
    const after = readProcessUsage(peer.pid);
    const elapsedSeconds = (performance.now() - beganMs) / 1000;
    const cpuMs = after.cpuMs - before.cpuMs;
    const { lost, maxLateMs } = await publishers.stop();
    return {
      server: kind.name,
      work: kind.work,
      publishers: count,
      chunk_size: chunkSizeBytes,
      cpu_ms_per_stream_second: to2(cpuMs / elapsedSeconds / count),
      core_percent: to2(cpuMs / elapsedSeconds / 10),
      rss_mib: to2(after.residentBytes / 2 ** 20),
      pss_mib: to2(after.proportionalBytes / 2 ** 20),
      lost,
      publisher_max_late_ms: to2(maxLateMs),
    };
  } finally {
    await publishers.stop().catch(() => undefined);
  }
}

function summarise(results: readonly IngestResult[], report: Report): void {
  const costOf = (server: string, like: IngestResult) =>
    results.find((r) => r.server === server && r.publishers === like.publishers && r.chunk_size === like.chunk_size)
      ?.cpu_ms_per_stream_second;
  const rows = results.map((result) => {
    const bar = costOf('nginx-rtmp', result);
    const ratio = bar === undefined ? '' : `${to2(result.cpu_ms_per_stream_second / bar)} ×`;
    const { server, publishers, chunk_size, cpu_ms_per_stream_second, core_percent, rss_mib, pss_mib, lost } = result;
    return [publishers, chunk_size, server, cpu_ms_per_stream_second, ratio, core_percent, rss_mib, pss_mib, lost];
  });
  const heading = [
    'publishers',
    'chunk',
    'server',
    'CPU ms/stream-s',
    'of nginx-rtmp',
    '% of a core',
    'RSS MiB',
    'PSS MiB',
    'lost',
  ];
  report.table([heading, ...rows]);
}

function to2(value: number): number {
  return Math.round(value * 100) / 100;
}
