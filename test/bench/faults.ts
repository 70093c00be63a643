import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { ViewerKind } from '../../src/load/viewer-crowd.ts';
import { benchClip } from './clip.ts';
import { startMortalEngine } from './peers/mortal-engine.ts';
import type { Peer } from './peers/peer.ts';
import { streamctl } from './peers/streamctl.ts';
import { PublisherProcess } from './publisher-process.ts';
import type { Report } from './report.ts';
import { startSmallBroadcast } from './small-broadcast.ts';
import { type WatchedFigures, watchLoad } from './watched-load.ts';

export interface FaultsOptions {
  readonly viewers: number;
  readonly publishers: number;
  readonly seconds: number;
}

/** When it happens, once all play. */
const faultAfterMs = 5000;
/** How long another process holds the lock of the database. */
const lockMs = 10_000;
/** For a publisher that comes while the database is locked. */
const newcomerTimeoutMs = 5000;

/** What viewers and publishers notice of a delivery thread that dies, and of a database that another process has locked. */
export async function benchFaults(options: FaultsOptions, report: Report, signal: AbortSignal): Promise<void> {
  const rows: (string | number)[][] = [
    [
      'fault',
      'viewers',
      'lost',
      'back after: p50 ms',
      'max',
      'stalls',
      'other errors',
      'list p99',
      'publishers lost',
      'newcomer ms',
    ],
  ];
  for (const kind of ['hls', 'll-hls'] as const) rows.push(await deliveryKilled(kind, options, report, signal));
  rows.push(await databaseLocked(options, report, signal));
  report.table(rows);
}

async function deliveryKilled(kind: ViewerKind, options: FaultsOptions, report: Report, signal: AbortSignal) {
  const { viewers, seconds } = options;
  const fault = `one of two delivery threads killed, ${kind}`;
  report.progress(`${fault}: ${viewers} viewers, ${seconds} s …`);
  const engine = await startMortalEngine(signal);
  try {
    const broadcast = await startSmallBroadcast(engine, 0, signal);
    const watched = await watchLoad({
      kind,
      playlistUrls: [broadcast.playlistUrl],
      viewers,
      seconds,
      pid: engine.pid,
      signal,
      meanwhile: async () => {
        await delay(faultAfterMs, undefined, { signal });
        await engine.killDelivery();
      },
    });
    const publishersLost = await broadcast.stop();
    report.line({ fault, ...watched, publishers_lost: publishersLost });
    return row(fault, watched, publishersLost, '');
  } finally {
    await engine.stop();
  }
}

async function databaseLocked({ viewers, publishers, seconds }: FaultsOptions, report: Report, signal: AbortSignal) {
  const fault = `database locked for ${lockMs / 1000} s`;
  report.progress(`${fault}: ${viewers} viewers, ${publishers} publishers, ${seconds} s …`);
  const clipFile = await benchClip();
  const peer = await streamctl.start(signal);
  const urls = Array.from({ length: publishers }, (_, index) => peer.publishUrl(index));
  const group = new PublisherProcess({ clipFile, urls, chunkSizeBytes: 4096, staggerMs: 20 });
  try {
    await group.untilLive(publishers, signal);
    const broadcast = await startSmallBroadcast(peer, publishers, signal);
    let newcomerMs = 0;
    const watched = await watchLoad({
      kind: 'hls',
      playlistUrls: [broadcast.playlistUrl],
      viewers,
      seconds,
      pid: peer.pid,
      signal,
      meanwhile: async () => {
        await delay(faultAfterMs, undefined, { signal });
        const locked = whileLocked(peer.databaseFile!, signal);
        newcomerMs = await newcomer(peer, publishers + 1, clipFile, signal);
        await locked;
      },
    });
    const lost = (await broadcast.stop()) + (await group.stop()).lost;
    report.line({ fault, publishers, ...watched, publishers_lost: lost, newcomer_live_ms: newcomerMs });
    return row(fault, watched, lost, newcomerMs);
  } finally {
    await group.stop().catch(() => undefined);
    await peer.stop();
  }
}

async function whileLocked(file: string, signal: AbortSignal): Promise<void> {
  const database = new Database(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
    await delay(lockMs, undefined, { signal });
    database.exec('ROLLBACK');
  } finally {
    database.close();
  }
}

/** How long a publisher takes to be live that comes now. */
async function newcomer(peer: Peer, index: number, clipFile: string, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  const publisher = new PublisherProcess({
    clipFile,
    urls: [peer.publishUrl(index)],
    chunkSizeBytes: 4096,
    staggerMs: 0,
  });
  try {
    await publisher.untilLive(1, AbortSignal.any([signal, AbortSignal.timeout(newcomerTimeoutMs)]));
    return Math.round(performance.now() - beganMs);
  } finally {
    await publisher.stop().catch(() => undefined);
  }
}

function row(fault: string, watched: WatchedFigures, publishersLost: number, newcomerMs: number | string) {
  const { viewers, absence_ms, stalls, errors, playlist_ms } = watched;
  const lost = absence_ms?.count ?? 0;
  return [
    fault,
    viewers,
    lost,
    absence_ms?.p50 ?? '',
    absence_ms?.max ?? '',
    stalls,
    errors - lost,
    playlist_ms?.p99 ?? '',
    publishersLost,
    newcomerMs,
  ];
}
