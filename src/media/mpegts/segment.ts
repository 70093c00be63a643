import { assertNever, StreamctlError } from '../../base/errors.ts';
import type { AudioConfig, TrackConfig, VideoConfig } from '../track.ts';
import {
  audioPid,
  ContinuityCounters,
  type PesStart,
  packetCount,
  packetSizeBytes,
  pmtPid,
  videoPid,
  writePcrPacket,
  writePesPackets,
  writeSectionPacket,
} from './packet.ts';
import { audioPesUnits, type PesUnit, type TsSample, videoPesUnits, wrap33 } from './pes.ts';
import { writePat, writePmt } from './psi.ts';

export interface TsSegmentTracks {
  readonly video?: { readonly config: VideoConfig; readonly samples: readonly TsSample[] };
  readonly audio?: { readonly config: AudioConfig; readonly samples: readonly TsSample[] };
}

/** What is written next: the tables, a clock by itself, or a PES packet. */
type Step =
  | { readonly type: 'tables' }
  | { readonly type: 'clock'; readonly start: PesStart }
  | { readonly type: 'pes'; readonly start: PesStart; readonly unit: PesUnit; readonly packetCount: number };

const counterPeriod = 16;
/** Times are written this much later, so that decode times and clocks before stream time zero do not wrap below it. */
const epoch90k = 10 * 90_000;
/** How long before its decode time a frame arrives, by the clock. */
const arrivalLead90k = 9000;
const maxClockInterval90k = 9000; // 100 ms (ISO/IEC 13818-1 §2.7.2)
const clockFill90k = 8100;
const maxClockFillSpan90k = 10 * 90_000;
/** One period of the counters of the tables covers this much: tables at least every 250 ms. */
const tablesPeriod90k = 4 * 90_000;
const maxTablesPeriods = 64;

/**
 * An MPEG-TS segment (ISO/IEC 13818-1) with PAT and PMT first; video as Annex B, AAC as ADTS.
 *
 * Continuity counters run on over segment borders although each segment is written by itself, on demand, in any order:
 * every PID has a multiple of 16 packets with payload in each segment, so each begins with counter 0 where the one before
 * ended with 15. The tables are repeated 16·k times; the last PES packet of a track is split over up to 15 packets more.
 *
 * Decode times are moved earlier where they are after presentation or do not grow; presentation times are kept.
 * All times are written 10 s later, modulo 2^33. Throws MEDIA_TS_UNSUPPORTED or MEDIA_MALFORMED.
 */
export function writeTsSegment(tracks: TsSegmentTracks): Uint8Array<ArrayBuffer> {
  const { video, audio } = tracks;
  if (audio !== undefined && audio.config.codec !== 'aac') {
    throw new StreamctlError('MEDIA_TS_UNSUPPORTED', { what: audio.config.codec });
  }
  const videoUnits = video === undefined ? [] : videoPesUnits(video.config, delayed(video.samples));
  const audioUnits = audio === undefined ? [] : audioPesUnits(audio.config, delayed(audio.samples));
  const clockPid = video === undefined ? audioPid : videoPid;
  const steps = planSteps(interleave(videoUnits, audioUnits), clockPid);
  const configs: TrackConfig[] = [];
  if (video !== undefined) configs.push(video.config);
  if (audio !== undefined) configs.push(audio.config);
  return writeSteps(steps, writePat(), writePmt(configs));
}

function delayed(samples: readonly TsSample[]): TsSample[] {
  return samples.map((sample) => ({
    ...sample,
    dts90k: sample.dts90k + epoch90k,
    pts90k: sample.pts90k + epoch90k,
  }));
}

/** Both tracks by decode time, video first where they are equal. */
function interleave(video: readonly PesUnit[], audio: readonly PesUnit[]): PesUnit[] {
  const merged: PesUnit[] = [];
  let a = 0;
  for (const unit of video) {
    while (a < audio.length && audio[a]!.dts90k < unit.dts90k) merged.push(audio[a++]!);
    merged.push(unit);
  }
  return merged.concat(audio.slice(a));
}

function planSteps(units: readonly PesUnit[], clockPid: number): Step[] {
  const steps: Step[] = [];
  const firstTime = units[0]?.dts90k ?? 0;
  const span90k = (units.at(-1)?.dts90k ?? 0) - firstTime;
  const tablesCount = counterPeriod * Math.min(maxTablesPeriods, Math.max(1, Math.ceil(span90k / tablesPeriod90k)));
  let tablesWritten = 0;
  let lastClock = Number.NEGATIVE_INFINITY;
  for (const unit of units) {
    const time = unit.dts90k;
    while (tablesWritten < tablesCount && firstTime + (tablesWritten * span90k) / tablesCount <= time) {
      steps.push({ type: 'tables' });
      tablesWritten++;
    }
    const carriesClock = unit.pid === clockPid;
    if (time - lastClock > maxClockFillSpan90k) {
      // The first one, or one behind a hole that no clock would fill.
      if (!carriesClock) steps.push({ type: 'clock', start: clockStart(clockPid, time) });
      lastClock = time;
    }
    while (time - lastClock > maxClockInterval90k) {
      lastClock += clockFill90k;
      steps.push({ type: 'clock', start: clockStart(clockPid, lastClock) });
    }
    if (carriesClock) lastClock = time;
    const isRandomAccess = carriesClock && unit.isSync;
    const start: PesStart = { pid: unit.pid, isRandomAccess, ...(carriesClock && { pcr90k: clockAt(time) }) };
    steps.push({ type: 'pes', start, unit, packetCount: packetCount(start, unit.sizeBytes) });
  }
  for (; tablesWritten < tablesCount; tablesWritten++) steps.push({ type: 'tables' });
  fillCounterPeriod(steps, videoPid);
  fillCounterPeriod(steps, audioPid);
  return steps;
}

function clockStart(pid: number, time90k: number): PesStart {
  return { pid, isRandomAccess: false, pcr90k: clockAt(time90k) };
}

/** The program clock while what is decoded at `time90k` arrives. */
function clockAt(time90k: number): number {
  return wrap33(time90k - arrivalLead90k);
}

/** Lets the last PES packet of `pid` take more transport packets, for the counters to end where they began. */
function fillCounterPeriod(steps: Step[], pid: number): void {
  let count = 0;
  let lastIndex = -1;
  for (const [index, step] of steps.entries()) {
    if (step.type !== 'pes' || step.start.pid !== pid) continue;
    count += step.packetCount;
    lastIndex = index;
  }
  const last = steps[lastIndex];
  if (last?.type !== 'pes') return;
  const missing = (counterPeriod - (count % counterPeriod)) % counterPeriod;
  steps[lastIndex] = { ...last, packetCount: last.packetCount + missing };
}

function writeSteps(steps: readonly Step[], pat: Uint8Array, pmt: Uint8Array): Uint8Array<ArrayBuffer> {
  let packets = 0;
  let largestPesBytes = 0;
  for (const step of steps) {
    packets += step.type === 'tables' ? 2 : step.type === 'clock' ? 1 : step.packetCount;
    if (step.type === 'pes') largestPesBytes = Math.max(largestPesBytes, step.unit.sizeBytes);
  }
  const out = new Uint8Array(packets * packetSizeBytes);
  const scratch = new Uint8Array(largestPesBytes);
  const counters = new ContinuityCounters();
  let at = 0;
  for (const step of steps) {
    switch (step.type) {
      case 'tables':
        at = writeSectionPacket(out, at, 0, pat, counters);
        at = writeSectionPacket(out, at, pmtPid, pmt, counters);
        break;
      case 'clock':
        at = writePcrPacket(out, at, step.start, counters);
        break;
      case 'pes':
        step.unit.write(scratch);
        at = writePesPackets(out, at, step.start, scratch.subarray(0, step.unit.sizeBytes), step.packetCount, counters);
        break;
      default:
        assertNever(step);
    }
  }
  return out;
}
