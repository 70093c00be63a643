import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import type { Peer } from './peers/peer.ts';
import { startStreamctl } from './peers/streamctl.ts';
import { rounded } from './percentiles.ts';
import type { Report } from './report.ts';
import { startSmallBroadcast } from './small-broadcast.ts';
import { SocketCrowd } from './socket-crowd.ts';
import { type WatchedFigures, watchLoad } from './watched-load.ts';

export interface SocketsOptions {
  /** WebSockets at once. */
  readonly sockets: number;
  readonly seconds: number;
}

const viewers = 200;
/** Announced broadcasts: what is told of a whole node is large where there are many. */
const announced = 480;
/** Listen to the whole node: some who read, and some who do not. */
const nodeReaders = 5;
const deafSockets = 20;
/** Who does not read is closed half a minute after there was no room for more. */
const closedWithinMs = 60_000;

/**
 * What WebSockets cost the node, how late snapshots reach them, how those fare who never read, and what 200 viewers of HLS notice of it all.
 * Half of them see what everybody may see of a broadcast, the others all of it.
 */
export async function benchSockets({ sockets, seconds }: SocketsOptions, report: Report, signal: AbortSignal) {
  const peer = await startStreamctl({ ladder: { mode: 'off' } }, signal);
  const broadcast = await startSmallBroadcast(peer, 0, signal);
  const { host } = new URL(broadcast.playlistUrl);
  const headers = {
    authorization: `Bearer ${readFileSync(join(dirname(peer.databaseFile!), 'admin.token'), 'utf8').trim()}`,
  };
  const crowd = new SocketCrowd(`ws://${host}`);
  const watch = (meanwhile?: () => Promise<void>) =>
    watchLoad({
      ...{ kind: 'hls', playlistUrls: [broadcast.playlistUrl], viewers, seconds, pid: peer.pid, signal },
      ...(meanwhile && { meanwhile }),
    });
  try {
    await announce(`http://${host}`, headers);
    report.progress(`${viewers} HLS viewers alone, ${seconds} s …`);
    const alone = await watch();
    report.progress(`the same beside ${sockets} WebSockets, of which ${deafSockets} never read …`);
    const openedMs = performance.now();
    const node = { name: 'the node', path: '/ws/metrics', headers };
    await crowd.add({ ...node, count: deafSockets, isDeaf: true }, signal);
    await crowd.add({ ...node, count: nodeReaders }, signal);
    const others = sockets - deafSockets - nodeReaders;
    const half = Math.ceil(others / 2);
    const stream = { path: '/ws/stream/bench0' };
    await crowd.add({ ...stream, name: 'a broadcast, for everybody', count: half }, signal);
    await crowd.add({ ...stream, name: 'a broadcast', count: others - half, headers }, signal);
    const openSeconds = (performance.now() - openedMs) / 1000;
    let snapshots = 0;
    const beside = await watch(async () => {
      crowd.forget();
      await delay(seconds * 1000, undefined, { signal });
      snapshots = crowd.snapshots;
    });
    const readers = others + nodeReaders;
    const figures = {
      sockets: crowd.open,
      open_seconds: Math.round(openSeconds * 10) / 10,
      snapshots_per_second_and_socket: Math.round((100 * snapshots) / seconds / readers) / 100,
      snapshot_delay_ms: rounded(crowd.delays.distribution()!),
      snapshot_bytes: Object.fromEntries(crowd.snapshotBytes),
      kib_per_socket: Math.round(((beside.rss_mib[2] - alone.rss_mib[2]) * 10_240) / sockets) / 10,
      ...(await deafFigures(peer, `http://${host}`, headers, openedMs, signal)),
    };
    report.line({ seconds, ...figures, alone, beside });
    report.table([
      ['', 'alone', `beside ${sockets} WebSockets`],
      ...rows(alone).map(([name, value], index) => [name, value, rows(beside)[index]![1]]),
      ...Object.entries(figures).map(([name, value]) => [name, '', JSON.stringify(value)]),
    ]);
  } finally {
    crowd.close();
    await broadcast.stop();
    await peer.stop();
  }
}

function rows({
  playlist_ms: playlist,
  media_ms: media,
  core_percent: core,
  stalls,
  errors,
  rss_mib: rss,
}: WatchedFigures) {
  return [
    ['playlist p50 ms', playlist?.p50 ?? ''],
    ['playlist p99 ms', playlist?.p99 ?? ''],
    ['media p99 ms', media?.p99 ?? ''],
    ['stalls', stalls],
    ['errors', errors],
    ['% core of the server', core],
    ['RSS MiB', rss[2]],
  ] as const;
}

async function announce(origin: string, headers: Readonly<Record<string, string>>): Promise<void> {
  for (let number = 0; number < announced; number++) {
    const body = JSON.stringify({ channel: `announced-${number}` });
    const post = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
    const response = await fetch(`${origin}/streams`, post);
    if (!response.ok) throw new Error(await response.text());
  }
}

/** Waits until all who never read are closed; tells when that was, what was not told to them, and what the server holds then. */
async function deafFigures(
  { pid }: Peer,
  origin: string,
  headers: Readonly<Record<string, string>>,
  openedMs: number,
  signal: AbortSignal,
) {
  for (;;) {
    const text = await (await fetch(`${origin}/metrics`, { headers, signal })).text();
    const of = (name: string) => Number(new RegExp(`^streamctl_websocket_${name} (\\d+)`, 'm').exec(text)?.[1]);
    const sinceMs = performance.now() - openedMs;
    if (of('closed_slow_total') >= deafSockets || sinceMs > closedWithinMs) {
      return {
        deaf_closed: of('closed_slow_total'),
        deaf_closed_after_seconds: Math.round(sinceMs / 1000),
        snapshots_skipped: of('snapshots_skipped_total'),
        notifications_lost: of('notifications_lost_total'),
        rss_mib_then: Math.round(readProcessUsage(pid).residentBytes / 2 ** 20),
      };
    }
    await delay(500, undefined, { signal });
  }
}
