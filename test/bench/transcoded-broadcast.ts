import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { compareTraces, type RungFigures } from './compare-traces.ts';
import { EncoderWatch } from './encoder-watch.ts';
import { firstPlaylist } from './hls-followers.ts';
import { startStreamctl } from './peers/streamctl.ts';
import { RenditionTrace } from './rendition-trace.ts';
import { stampedPublisher } from './stamped-publisher.ts';

export interface LadderRung {
  readonly name: string;
  readonly height: number;
  readonly video_bitrate: string;
  readonly fps: number;
}

type Server = Awaited<ReturnType<typeof startStreamctl>>;

/** A line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string; readonly time?: string };

/** The first GOP, after which the ladder is decided, its replay, and what a new process still compiles. */
const settleMs = 8000;
const startTimeoutMs = 40_000;

/** Our server with a ladder, which is known to be ready to transcode. */
export async function startTranscoder(rungs: readonly LadderRung[], signal: AbortSignal): Promise<Server> {
  const server = await startStreamctl({ ladder: { rungs }, log: { format: 'json' } }, signal);
  const patience = AbortSignal.any([signal, AbortSignal.timeout(startTimeoutMs)]);
  try {
    while (!logOf(server).some(({ msg }) => msg === 'ready to transcode'))
      await delay(50, undefined, { signal: patience });
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

export function logOf({ logFile }: Pick<Server, 'logFile'>): LogLine[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line) as LogLine);
}

/** Sentences about rungs that the budget does not allow. */
export function withheldBy(server: Pick<Server, 'logFile'>): string[] {
  return logOf(server).flatMap(({ withheld }) => (Array.isArray(withheld) ? withheld.map(String) : []));
}

/** What the server said went wrong with transcoding, and how often: `overloaded drop-non-reference`, `failed`. */
export function troublesOf(server: Pick<Server, 'logFile'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { msg = '', reaction } of logOf(server)) {
    const trouble = /^transcoding: (overloaded|failed|degraded)$/.exec(msg)?.[1];
    if (trouble === undefined) continue;
    const name = reaction === undefined ? trouble : `${trouble} ${String(reaction)}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

export interface BroadcastFigures {
  /** Since the server started. */
  readonly troubles: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly encoder_cores: number;
  readonly server_cores: number;
  readonly rungs: Readonly<Record<string, RungFigures>>;
}

/**
 * Publishes broadcast 0 from this process for `seconds` behind a start, with all of its renditions watched as by low-latency
 * viewers; `meanwhile` happens beside, once it runs smoothly.
 */
export async function watchBroadcast(
  server: Server,
  clipFile: string,
  rungs: readonly LadderRung[],
  seconds: number,
  signal: AbortSignal,
  meanwhile: (encoders: EncoderWatch) => Promise<void> = async () => {},
): Promise<BroadcastFigures> {
  const { publisher, sentAtMs } = await stampedPublisher(clipFile, server.publishUrl(0));
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const publishing = publisher.run(ended);
  publishing.catch(() => undefined); // awaited below, unless something else fails first
  const encoders = new EncoderWatch(server.pid);
  try {
    const sourceUrl = server.playlistUrl?.(0) ?? '';
    await firstPlaylist(sourceUrl, AbortSignal.any([signal, AbortSignal.timeout(20_000)]));
    const source = new RenditionTrace(sourceUrl);
    const traces = rungs.map(({ name }) => new RenditionTrace(sourceUrl.replace('/source/', `/${name}/`)));
    const followers = [source, ...traces].map((trace) => trace.follow(ended));
    const failing = Promise.race([publishing, ...followers]).then(() => {
      if (!ended.aborted) throw new Error('the broadcast ended before its time');
    });
    failing.catch(() => undefined);
    const wait = (ms: number) => Promise.race([delay(ms, undefined, { signal }), failing]);
    await wait(settleMs);
    const absent = traces.findIndex(({ frames }) => frames.size === 0);
    if (absent !== -1) throw new Error(`${rungs[absent]!.name} is not made: ${withheldBy(server).join(' ')}`);
    const sinceMs = performance.now();
    const before = { encoderMs: encoders.cpuMs(), serverMs: encoders.serverCpuMs() };
    const faults = meanwhile(encoders);
    await Promise.all([wait(seconds * 1000), faults]);
    const elapsedMs = performance.now() - sinceMs;
    const encoderMs = encoders.cpuMs() - before.encoderMs;
    const serverMs = encoders.serverCpuMs() - before.serverMs;
    stop.abort();
    await Promise.all([publishing, ...followers]);
    return {
      troubles: troublesOf(server),
      seconds,
      encoder_cores: thousandths(encoderMs / elapsedMs),
      server_cores: thousandths(serverMs / elapsedMs),
      rungs: Object.fromEntries(
        traces.map((trace, index) => [rungs[index]!.name, compareTraces(source, trace, sentAtMs, sinceMs)]),
      ),
    };
  } finally {
    stop.abort();
    encoders.stop();
  }
}

export function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
