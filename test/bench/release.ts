import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import { type ReleaseFigures, WaiterGroup } from './load/waiter-group.ts';
import { freePorts } from './peers/server-process.ts';
import { streamctl } from './peers/streamctl.ts';
import type { WaitingLook, WaitingOrder } from './peers/waiting-process.ts';
import type { Report } from './report.ts';
import { tenths } from './sampled-usage.ts';
import { startSmallBroadcast } from './small-broadcast.ts';

export interface ReleaseOptions {
  readonly waiters: number;
  readonly rounds: number;
}

const waitingProcess = resolve(import.meta.dirname, 'peers/waiting-process.ts');
const connectTimeoutMs = 60_000;
const forgetTimeoutMs = 30_000;
/** What the heap may have more when all have gone: it is looked at until that is so. */
const heapTolerance = 1.05;
/** A server process is looked at so long after its viewers have gone. */
const settleMs = 3000;
/** The server has read what all have asked for. */
const readSettleMs = 300;
/** So many come and go first: code is compiled, tables are grown. */
const warmUpWaiters = 200;

/**
 * N viewers blocked on the next part of one playlist, released at once: by a whole server with a publisher, and by a process that only
 * delivers, whose heap can be looked into. In the end all of them vanish while they wait.
 */
export async function benchRelease(options: ReleaseOptions, report: Report, signal: AbortSignal): Promise<void> {
  const rows: (string | number)[][] = [
    [
      'server',
      'waiters',
      'answered',
      'first byte to last answer: median ms',
      'worst',
      'errors',
      'memory before',
      'with waiters',
      'after',
      'after again',
      'unit',
    ],
  ];
  const whole = await releaseWholeServer(options, report, signal);
  rows.push(['streamctl', options.waiters, ...summary(whole.rounds), ...whole.pss_mib, '', 'PSS MiB']);
  const alone = await releaseDelivery(options, report, signal);
  rows.push(['delivery alone', options.waiters, ...summary(alone.rounds), ...alone.heap_mib, 'heap MiB after gc']);
  report.table(rows);
}

function summary(rounds: readonly ReleaseFigures[]): number[] {
  const spreads = rounds.map(({ spread_ms }) => spread_ms).sort((a, b) => a - b);
  const answered = Math.min(...rounds.map((round) => round.answered));
  const errors = rounds.at(-1)?.errors ?? 0;
  return [answered, spreads[Math.floor(spreads.length / 2)] ?? 0, spreads.at(-1) ?? 0, errors];
}

async function releaseWholeServer({ waiters, rounds }: ReleaseOptions, report: Report, signal: AbortSignal) {
  report.progress(`streamctl: ${waiters} waiters, ${rounds} releases …`);
  const peer = await streamctl.start(signal);
  try {
    const broadcast = await startSmallBroadcast(peer, 0, signal);
    try {
      const { playlistUrl } = broadcast;
      await withWaiters(playlistUrl, warmUpWaiters, signal, async (group) => {
        await group.releaseOnce(await nextSegmentPath(playlistUrl, signal), () => undefined, signal);
      });
      const before = readProcessUsage(peer.pid);
      const measured: ReleaseFigures[] = [];
      const during = await withWaiters(playlistUrl, waiters, signal, async (group) => {
        for (let round = 0; round < rounds; round++) {
          const path = await nextSegmentPath(playlistUrl, signal);
          measured.push(await group.releaseOnce(path, () => undefined, signal));
        }
        await group.ask(await nextSegmentPath(playlistUrl, signal), signal);
        return readProcessUsage(peer.pid);
      });
      await delay(settleMs, undefined, { signal });
      const all = [before, during, readProcessUsage(peer.pid)];
      const result = {
        rounds: measured,
        rss_mib: all.map(({ residentBytes }) => mebibytes(residentBytes)),
        pss_mib: all.map(({ proportionalBytes }) => mebibytes(proportionalBytes)),
      };
      report.line({ server: 'streamctl', waiters, ...result });
      return result;
    } finally {
      await broadcast.stop();
    }
  } finally {
    await peer.stop();
  }
}

interface Delivering {
  readonly child: ChildProcess;
  readonly playlistUrl: string;
}

async function releaseDelivery({ waiters, rounds }: ReleaseOptions, report: Report, signal: AbortSignal) {
  report.progress(`delivery alone: ${waiters} waiters, ${rounds} releases …`);
  const [port = 0] = await freePorts(1);
  const playlistUrl = `http://127.0.0.1:${port}/hls/st1/source/index.m3u8`;
  const child = fork(waitingProcess, [String(port)], { execArgv: ['--expose-gc'] });
  try {
    await once(child, 'message', { signal });
    const release = async () => {
      await delay(readSettleMs, undefined, { signal });
      child.send('part' satisfies WaitingOrder);
    };
    await withWaiters(playlistUrl, warmUpWaiters, signal, async (group) => {
      await group.releaseOnce(await nextPartPath(playlistUrl, signal), release, signal);
    });
    const delivering = { child, playlistUrl };
    const before = await lookWhenEmpty(delivering, Number.POSITIVE_INFINITY, signal);
    const limitBytes = before.heapBytes * heapTolerance;
    const measured: ReleaseFigures[] = [];
    const crowd = () =>
      withWaiters(playlistUrl, waiters, signal, async (group) => {
        for (let round = 0; round < rounds; round++) {
          measured.push(await group.releaseOnce(await nextPartPath(playlistUrl, signal), release, signal));
        }
        await group.ask(await nextPartPath(playlistUrl, signal), signal);
        return await look(child, signal);
      });
    const during = await crowd();
    const after = await lookWhenEmpty(delivering, limitBytes, signal);
    // What stays is a leak if it grows when the same happens again.
    await crowd();
    const all = [before, during, after, await lookWhenEmpty(delivering, limitBytes, signal)];
    const result = {
      rounds: measured,
      heap_mib: all.map(({ heapBytes }) => mebibytes(heapBytes)),
      external_mib: all.map(({ externalBytes }) => mebibytes(externalBytes)),
      heap_after_percent: tenths((100 * after.heapBytes) / before.heapBytes),
      heap_back_after_seconds: after.seconds,
      heap_again_percent: tenths((100 * all[3]!.heapBytes) / before.heapBytes),
    };
    report.line({ server: 'delivery alone', waiters, ...result });
    return result;
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** Connects waiters, does something with them, and lets them vanish. */
async function withWaiters<T>(
  playlistUrl: string,
  waiters: number,
  signal: AbortSignal,
  use: (group: WaiterGroup) => Promise<T>,
): Promise<T> {
  const group = new WaiterGroup(playlistUrl, waiters);
  try {
    await group.connected(AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]));
    const result = await use(group);
    await group.vanish(signal);
    return result;
  } finally {
    await group.stop();
  }
}

/** The request for the first part that is not listed. */
async function nextPartPath(playlistUrl: string, signal: AbortSignal): Promise<string> {
  const { next } = listPlaylist(await getOnce(playlistUrl, signal));
  return `${new URL(playlistUrl).pathname}?_HLS_msn=${next.msn}&_HLS_part=${next.part}`;
}

/** Waits until a segment has just begun, and asks for the first part of the next: there is a whole segment's time for all to ask. */
async function nextSegmentPath(playlistUrl: string, signal: AbortSignal): Promise<string> {
  const { next } = listPlaylist(await getOnce(playlistUrl, signal));
  await getOnce(`${playlistUrl}?_HLS_msn=${next.msn + 1}&_HLS_part=0`, signal);
  return `${new URL(playlistUrl).pathname}?_HLS_msn=${next.msn + 2}&_HLS_part=0`;
}

/** Over a connection that does not stay: those that do are counted. */
async function getOnce(url: string, signal: AbortSignal): Promise<string> {
  const [response] = (await once(get(url, { agent: false, signal }), 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  return (await response.setEncoding('utf8').toArray()).join('');
}

async function look(child: ChildProcess, signal: AbortSignal): Promise<WaitingLook> {
  const answered = once(child, 'message', { signal });
  child.send('look' satisfies WaitingOrder);
  const [found] = (await answered) as [WaitingLook];
  return found;
}

/**
 * When the server has noticed that all have gone, and has forgotten them: it counts who asked for a playlist in the last seconds, which a
 * request that comes now and then moves on. Resolves at the latest after `forgetTimeoutMs`, with what there is then.
 */
async function lookWhenEmpty(
  { child, playlistUrl }: Delivering,
  limitBytes: number,
  signal: AbortSignal,
): Promise<WaitingLook & { readonly seconds: number }> {
  const beganMs = performance.now();
  for (;;) {
    await getOnce(playlistUrl, signal);
    await delay(500, undefined, { signal }); // its own connection has to go, too
    const found = await look(child, signal);
    const elapsedMs = performance.now() - beganMs;
    const isOver = elapsedMs > forgetTimeoutMs;
    if (isOver && found.connections > 0) throw new Error(`${found.connections} connections stay open`);
    if (isOver || (found.connections === 0 && found.heapBytes <= limitBytes)) {
      return { ...found, seconds: tenths(elapsedMs / 1000) };
    }
  }
}

function mebibytes(bytes: number): number {
  return Math.round((100 * bytes) / 2 ** 20) / 100;
}
