import { setTimeout as delay } from 'node:timers/promises';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import type { ViewerKind } from '../../src/load/viewer-crowd.ts';
import { nginxMissing, startNginxMirror } from './peers/nginx-mirror.ts';
import { streamctl } from './peers/streamctl.ts';
import type { Report } from './report.ts';
import { tenths } from './sampled-usage.ts';
import { startSmallBroadcast } from './small-broadcast.ts';
import { type WatchedFigures, watchLoad } from './watched-load.ts';

export const viewedServers = ['streamctl', 'nginx'] as const;
export type ViewedServer = (typeof viewedServers)[number];

export interface ViewersOptions {
  readonly kind: ViewerKind;
  readonly servers: readonly ViewedServer[];
  readonly viewerCounts: readonly number[];
  /** How long is measured, once all play. */
  readonly seconds: number;
}

/** What a viewer does, for whoever reads the figures. */
const behaviour: Readonly<Record<ViewerKind, string>> = {
  hls:
    'one keep-alive connection; the media playlist every 2 s (1 s when it has no new segment), each segment once, video only (450 kbit/s, ' +
    'one rendition); plays in real time from 3 segments on; no gzip',
  'll-hls':
    'one keep-alive connection; blocking reloads for the next part, each part once it is listed, video only (450 kbit/s, one rendition); ' +
    'plays in real time from PART-HOLD-BACK before the end; no gzip; a part is late one part target after it was due',
};

export interface ViewersResult extends WatchedFigures {
  readonly server: ViewedServer;
  readonly kind: ViewerKind;
  /** Before the viewers came: the broadcast alone. */
  readonly idle_core_percent: number;
  readonly cpu_times_nginx?: number;
  /** The longest that nginx was given nothing new; half a second is what the playlist needs. */
  readonly mirror_max_gap_ms?: number;
}

/**
 * N viewers of one broadcast over real sockets. Each count gets a server of ours of its own; nginx serves the same bytes from tmpfs
 * right afterwards, mirrored while they appear, at a time when nobody else watches ours.
 */
export async function benchViewers(
  options: ViewersOptions,
  report: Report,
  signal: AbortSignal,
): Promise<ViewersResult[]> {
  const servers = options.servers.filter((server) => {
    const reason = server === 'nginx' ? reasonWithoutNginx(options.kind) : undefined;
    if (reason !== undefined) report.progress(`nginx left out: ${reason}`);
    return reason === undefined;
  });
  report.progress(`viewer: ${behaviour[options.kind]}`);
  const results: ViewersResult[] = [];
  for (const viewers of options.viewerCounts) {
    for (const result of await measureBeside(servers, viewers, options, report, signal)) {
      results.push(result);
      report.line({ ...result, viewer: behaviour[options.kind] });
    }
  }
  summarise(results, report);
  return results;
}

function reasonWithoutNginx(kind: ViewerKind): string | undefined {
  return kind === 'll-hls' ? 'it has no blocking reload' : nginxMissing();
}

async function measureBeside(
  servers: readonly ViewedServer[],
  viewers: number,
  { kind, seconds }: ViewersOptions,
  report: Report,
  signal: AbortSignal,
): Promise<ViewersResult[]> {
  const results = new Map<ViewedServer, ViewersResult>();
  const peer = await streamctl.start(signal);
  try {
    const broadcast = await startSmallBroadcast(peer, 0, signal);
    try {
      const measure = async (server: ViewedServer, pid: number, playlistUrl: string) => {
        report.progress(`${server}: ${viewers} ${kind} viewers, ${seconds} s …`);
        const idle = await idleCorePercent(pid, signal);
        const watched = await watchLoad({ kind, playlistUrls: [playlistUrl], viewers, seconds, pid, signal });
        results.set(server, { server, kind, idle_core_percent: idle, ...watched });
      };
      if (servers.includes('streamctl')) await measure('streamctl', peer.pid, broadcast.playlistUrl);
      if (servers.includes('nginx')) {
        const nginx = await startNginxMirror(broadcast.playlistUrl, signal);
        try {
          await measure('nginx', nginx.pid, nginx.playlistUrl);
          const measured = results.get('nginx');
          if (measured !== undefined)
            results.set('nginx', { ...measured, mirror_max_gap_ms: tenths(nginx.takeMaxGapMs()) });
        } finally {
          await nginx.stop();
        }
      }
    } finally {
      const lost = await broadcast.stop();
      if (lost > 0) report.progress('the publisher was lost');
    }
  } finally {
    await peer.stop();
  }
  const bar = results.get('nginx')?.core_percent;
  return [...results.values()].map((result) =>
    bar === undefined ? result : { ...result, cpu_times_nginx: Math.round((100 * result.core_percent) / bar) / 100 },
  );
}

const idleMs = 2000;

async function idleCorePercent(pid: number, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  const before = readProcessUsage(pid).cpuMs;
  await delay(idleMs, undefined, { signal });
  return tenths((100 * (readProcessUsage(pid).cpuMs - before)) / (performance.now() - beganMs));
}

function summarise(results: readonly ViewersResult[], report: Report): void {
  const heading = [
    'viewers',
    'server',
    'req/s',
    'Mbit/s',
    'list p50',
    'p95',
    'p99',
    'max',
    'media p50',
    'p95',
    'p99',
    'max',
  ];
  heading.push('stalls', 'errors', 'late', '% core', '× nginx', 'RSS MiB start', 'mid', 'end', 'gen %', 'gen late ms');
  const rows = results.map((r) => [
    r.viewers,
    r.server,
    r.requests_per_second,
    r.mbit_per_second,
    ...percentiles(r.playlist_ms),
    ...percentiles(r.media_ms),
    r.stalls,
    r.errors,
    r.kind === 'hls' ? '' : `${r.late_parts}/${r.judged_parts}`,
    r.core_percent,
    r.cpu_times_nginx ?? '',
    ...r.rss_mib,
    r.generator_core_percent,
    r.generator_saturated ? `${r.generator_max_late_ms} saturated` : r.generator_max_late_ms,
  ]);
  report.table([heading, ...rows]);
}

function percentiles(distribution: WatchedFigures['playlist_ms']): (number | string)[] {
  if (distribution === undefined) return ['', '', '', ''];
  return [distribution.p50, distribution.p95, distribution.p99, distribution.max];
}
