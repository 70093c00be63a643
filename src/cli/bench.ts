import { availableParallelism } from 'node:os';
import { isExecutable } from '../base/embedded.ts';
import { mediaBudgetBytes } from '../base/media-memory.ts';
import { type BenchFigures, type BroadcastsCost, bench } from '../bench/bench.ts';
import { broadcastCapacity, viewerCapacity } from '../bench/capacity.ts';
import { connectionsPerViewer, type ViewersCost } from '../bench/viewers.ts';
import { connectionLimit } from '../delivery/fast-lane/connection-limit.ts';
import { capacityText } from '../doctor/ladder-capacity.ts';
import { loadText } from '../doctor/machine-load.ts';
import { sampleClip } from '../publisher/sample-clip.ts';
import { StepLine } from './step-line.ts';
import { bitrate, bold, megabytes } from './table.ts';

/** Others that took more than this of the machine made a measurement doubtful. */
const disturbedFrom = 0.25;
/** Where fewer than these of all that were to come did come, nothing can be reckoned from them. */
const leastShare = 0.9;
/** A window of half a minute and what is still open, kept twice as long as it is listed. */
const windowBytesPerBit = (2 * 36) / 8;

export type BenchReport = ReturnType<typeof reportOf>;

/** Measures this machine; progress goes to stderr. */
export async function benchMachine(
  { viewers, seconds }: { readonly viewers: number; readonly seconds: number },
  signal: AbortSignal,
): Promise<{ json: BenchReport; text: string }> {
  const steps = new StepLine(process.stderr);
  try {
    const program = isExecutable ? [process.execPath] : [process.execPath, process.argv[1]!];
    const onStep = (what: string) => steps.show(what);
    const figures = await bench({ program, clip: await sampleClip(), viewers, seconds, onStep }, signal);
    const json = reportOf(figures);
    steps.clear();
    return { json, text: benchText(figures, json) };
  } finally {
    steps.clear();
  }
}

function reportOf({ load, disk, ladder, budgetCores, ladderMissing, broadcasts, viewers }: BenchFigures) {
  const { cores, loadAverage, busyRatio, isBusy } = load;
  const disturbed = [broadcasts, ...viewers].some(({ othersRatio }) => othersRatio >= disturbedFrom);
  return {
    machine: { cores, load_average: loadAverage, busy_ratio: busyRatio, is_busy: isBusy || disturbed },
    disk: { write_bytes_per_second: Math.round(disk.writeBytesPerSecond), commit_ms: tenths(disk.commitMs) },
    ladder: {
      missing: ladderMissing ?? null,
      budget_cores: tenths(budgetCores),
      holds: ladder.map(({ source, rungs, streams }) => ({ source, rungs, streams })),
    },
    broadcasts: broadcastsReport(broadcasts),
    viewers: viewers.map(viewersReport),
  };
}

function broadcastsReport(cost: BroadcastsCost) {
  const { broadcasts: holds, isBoundByMemory } = broadcastCapacity({
    coresPerBroadcast: cost.cpuMsPerStreamSecond / 1000,
    bytesPerBroadcast: windowBytesPerBit * cost.bitrateBps,
    budgetBytes: mediaBudgetBytes(),
  });
  return {
    measured: cost.broadcasts,
    live: cost.live,
    bitrate_bps: cost.bitrateBps,
    cpu_ms_per_stream_second: tenths(cost.cpuMsPerStreamSecond),
    resident_bytes: cost.residentBytes,
    others_ratio: hundredths(cost.othersRatio),
    holds_about: cost.live < leastShare * cost.broadcasts ? null : holds,
    bound_by: isBoundByMemory ? 'memory' : 'cpu',
  };
}

function viewersReport(cost: ViewersCost) {
  const coresPerViewer = Math.max(cost.cores / Math.max(1, cost.playing), 1e-7);
  const { viewers: holds, isBoundByConnections } = viewerCapacity({
    coresPerViewer,
    deliveryThreads: Math.max(1, availableParallelism() - 1),
    connections: connectionLimit(),
    connectionsPerViewer,
  });
  const bpsPerViewer = cost.bitsPerSecond / Math.max(1, cost.playing);
  return {
    kind: cost.kind,
    measured: cost.viewers,
    playing: cost.playing,
    stalls: cost.stalls,
    errors: cost.errors,
    late_parts: cost.lateParts,
    requests_per_second: cost.requestsPerSecond,
    bits_per_second: Math.round(cost.bitsPerSecond),
    playlist_p99_ms: tenths(cost.playlistP99Ms),
    core_percent: tenths(cost.cores * 100),
    others_ratio: hundredths(cost.othersRatio),
    holds_about: cost.playing < leastShare * cost.viewers ? null : holds,
    bound_by: isBoundByConnections ? 'the number of open files' : 'cpu',
    bits_per_second_then: Math.round(bpsPerViewer * holds),
  };
}

function benchText(figures: BenchFigures, { machine, disk, broadcasts, viewers }: BenchReport): string {
  const { ladder, ladderMissing, budgetCores, load } = figures;
  const isBroken = [broadcasts, ...viewers].some(({ holds_about: holds }) => holds === null);
  const perGigabit = Math.floor(1e9 / Math.max(1, ...viewers.map((v) => v.bits_per_second / Math.max(1, v.playing))));
  return [
    `${bold('THIS MACHINE')}  ${loadText(load)}`,
    ...(machine.is_busy
      ? ['Others used it meanwhile, so it holds more than is said here. Measure again when it is quiet.']
      : []),
    ...(isBroken ? ['Too many broadcasts or viewers were lost: was this program paused? Measure again.'] : []),
    '',
    bold('It holds, of each if it does nothing else,'),
    ...viewers.map((v) => `  ${about(v.holds_about)} ${kindText[v.kind]} viewers of one broadcast${boundText(v)}`),
    `  ${about(broadcasts.holds_about)} broadcasts of ${bitrate(broadcasts.bitrate_bps)}, passed through${boundText(broadcasts)}`,
    ladderMissing === undefined
      ? `  and transcodes about ${capacityText(ladder)}, with ${budgetCores.toFixed(1)} cores`
      : `  and transcodes nothing: ${ladderMissing}`,
    `A line of 1 Gbit/s carries about ${round(perGigabit)} viewers of ${bitrate(broadcasts.bitrate_bps)}: mostly that is the limit.`,
    '',
    bold('Measured'),
    ...viewers.map(viewersText),
    broadcastsText(broadcasts),
    `  the disk takes ${megabytes(disk.write_bytes_per_second)} a second, and a change is safe after ${disk.commit_ms} ms`,
    'Over loopback, so the network card is not in it. What is more than measured is reckoned from its cost, with a fifth in reserve.',
  ].join('\n');
}

const kindText = { hls: 'ordinary', 'll-hls': 'low-latency' } as const;

function boundText({ bound_by: bound }: { readonly bound_by: string }): string {
  return bound === 'cpu' ? '' : ` (${bound} is the limit)`;
}

function viewersText(v: BenchReport['viewers'][number]): string {
  const trouble =
    v.stalls + v.errors + v.late_parts === 0 && v.playing === v.measured
      ? 'no stall, no error'
      : `${v.measured - v.playing} did not play, ${v.stalls} stalls, ${v.errors} errors, ${v.late_parts} parts late`;
  const name = kindText[v.kind];
  return `  ${v.measured} ${name} viewers, ${bitrate(v.bits_per_second)}: ${v.core_percent} % of a core, ${trouble}`;
}

function broadcastsText(b: BenchReport['broadcasts']): string {
  const lost = b.live === b.measured ? '' : `, ${b.measured - b.live} were lost`;
  return `  ${b.measured} broadcasts: ${b.cpu_ms_per_stream_second} ms of CPU for a second of each${lost}`;
}

function about(value: number | null): string {
  return value === null ? 'nobody can say how many' : `about ${round(value)}`;
}

/** Two digits say all that can be known. */
function round(value: number): string {
  if (value < 100) return String(value);
  const step = 10 ** (Math.floor(Math.log10(value)) - 1);
  return (Math.floor(value / step) * step).toLocaleString('en-US');
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
