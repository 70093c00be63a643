import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isStreamctlError } from '../base/errors.ts';
import { defaultRungs } from '../config/ladder.ts';
import { type DiskSpeed, measureDisk } from '../doctor/disk-speed.ts';
import { costsHere } from '../doctor/host/transcoding.ts';
import { type LadderCapacity, ladderCapacities } from '../doctor/ladder-capacity.ts';
import { lookAtMachine, type MachineLoad } from '../doctor/machine-load.ts';
import type { FlvClip } from '../publisher/flv-clip.ts';
import { chooseEncoder } from '../transcode/encoders.ts';
import { findFfmpeg } from '../transcode/ffmpeg-lookup.ts';
import { BenchBroadcasts } from './broadcasts.ts';
import { heavierClip } from './heavier-clip.ts';
import { MeasuredServer } from './measured-server.ts';
import { measureSpan, type SpanCost } from './measured-span.ts';
import { measureViewers, type ViewersCost } from './viewers.ts';

export interface BenchOptions {
  /** This program as it was started: a file and its first arguments. */
  readonly program: readonly string[];
  readonly clip: FlvClip;
  readonly viewers: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** What is measured now. */
  readonly onStep: (what: string) => void;
}

export interface BroadcastsCost {
  readonly broadcasts: number;
  readonly live: number;
  /** Of each. */
  readonly bitrateBps: number;
  /** CPU time that a second of one more broadcast takes. */
  readonly cpuMsPerStreamSecond: number;
  readonly residentBytes: number;
  readonly othersRatio: number;
}

export interface BenchFigures {
  readonly load: MachineLoad;
  readonly disk: DiskSpeed;
  readonly ladder: readonly LadderCapacity[];
  readonly budgetCores: number;
  /** Why there is no ladder. */
  readonly ladderMissing: string | undefined;
  readonly broadcasts: BroadcastsCost;
  readonly viewers: readonly ViewersCost[];
}

/** As many broadcasters send for 720p. */
const benchBitrateBps = 2_500_000;
const manyBroadcasts = 10;
/** A server that has just begun compiles what it runs, which costs more than the broadcasts do. */
const warmUpMs = 8000;
const settleMs = 1000;
const liveTimeoutMs = 15_000;
const cpuBudgetRatio = 0.8;
/** A difference of two measurements says no less. */
const leastCpuMs = 1;

/** Measures what this machine can hold: the disk, the ladder, and a server of its own under broadcasts and viewers. Leaves nothing behind. */
export async function bench(options: BenchOptions, signal: AbortSignal): Promise<BenchFigures> {
  const { onStep, program, clip } = options;
  onStep('Looking at the machine');
  const load = await lookAtMachine(signal);
  onStep('Measuring the disk');
  const disk = await measureDisk(tmpdir(), signal);
  onStep('Measuring what transcoding costs');
  const ladder = await measureLadder(signal);
  onStep('Starting a server');
  const server = await MeasuredServer.start(program, signal);
  try {
    const served = await measureServer(server, heavierClip(clip, benchBitrateBps), options, signal);
    return { load, disk, ...ladder, ...served };
  } finally {
    await server.stop();
  }
}

async function measureLadder(
  signal: AbortSignal,
): Promise<Pick<BenchFigures, 'ladder' | 'budgetCores' | 'ladderMissing'>> {
  const budgetCores = availableParallelism() * cpuBudgetRatio;
  try {
    const ffmpeg = await findFfmpeg({ searchPath: process.env.PATH ?? '', signal });
    const { encoder } = await chooseEncoder(ffmpeg, 'auto', { signal });
    if (encoder === undefined) return { ladder: [], budgetCores, ladderMissing: 'No H.264 encoder of ffmpeg works.' };
    const { costs } = await costsHere(ffmpeg, join(tmpdir(), 'streamctl-bench-has-none'), signal);
    const ladder = ladderCapacities({ budgetCores, costs, encoder, levels: defaultRungs });
    return { ladder, budgetCores, ladderMissing: undefined };
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    return { ladder: [], budgetCores, ladderMissing: error.message };
  }
}

async function measureServer(
  server: MeasuredServer,
  clip: FlvClip,
  { viewers, seconds, onStep }: BenchOptions,
  signal: AbortSignal,
): Promise<Pick<BenchFigures, 'broadcasts' | 'viewers'>> {
  const watched = new BenchBroadcasts(server, clip, ['bench-1']);
  try {
    onStep(`Measuring ${manyBroadcasts} broadcasts`);
    await watched.untilLive(liveTimeoutMs, signal);
    const many = await measureMany(server, clip, seconds, signal);
    onStep('Measuring one broadcast');
    await delay(settleMs, undefined, { signal });
    const { serverCores: idleCores } = await measureSpan(server, seconds, signal);
    const broadcasts = broadcastsCost(many, idleCores);
    const { id } = await server.client.showStream('bench-1');
    const urlOf = (rendition: string) => `${server.httpUrl}/hls/${id}/${rendition}/index.m3u8`;
    const costs: ViewersCost[] = [];
    for (const kind of ['ll-hls', 'hls'] as const) {
      onStep(`Measuring ${viewers} ${kind === 'hls' ? 'ordinary' : 'low-latency'} viewers`);
      const playlistUrls = [urlOf('source'), urlOf('audio')] as const;
      costs.push(await measureViewers(server, { kind, viewers, seconds, playlistUrls, idleCores }, signal));
    }
    return { broadcasts, viewers: costs };
  } finally {
    await watched.stop();
  }
}

interface ManyBroadcasts extends SpanCost {
  readonly live: number;
  readonly residentBytes: number;
}

async function measureMany(
  server: MeasuredServer,
  clip: FlvClip,
  seconds: number,
  signal: AbortSignal,
): Promise<ManyBroadcasts> {
  const channels = Array.from({ length: manyBroadcasts - 1 }, (_, index) => `bench-${index + 2}`);
  const others = new BenchBroadcasts(server, clip, channels);
  try {
    await others.untilLive(liveTimeoutMs, signal);
    await delay(warmUpMs, undefined, { signal });
    const cost = await measureSpan(server, seconds, signal);
    return { ...cost, live: others.live + 1, residentBytes: server.residentBytes() };
  } finally {
    await others.stop();
  }
}

/** `oneCores`: what the server uses with one of them. */
function broadcastsCost(
  { serverCores, live, residentBytes, othersRatio }: ManyBroadcasts,
  oneCores: number,
): BroadcastsCost {
  return {
    broadcasts: manyBroadcasts,
    live,
    bitrateBps: benchBitrateBps,
    cpuMsPerStreamSecond: Math.max(leastCpuMs, ((serverCores - oneCores) * 1000) / Math.max(1, live - 1)),
    residentBytes,
    othersRatio,
  };
}
