import { adtsHeaderSizeBytes, writeAdtsHeader } from '../aac/adts.ts';
import { type AudioSpecificConfig, readAudioSpecificConfig } from '../aac/config.ts';
import type { AudioConfig, VideoConfig } from '../track.ts';
import { type AnnexBFormat, annexBFormat, annexBSizeBytes, needsParameterSets, writeAnnexB } from './annex-b.ts';
import { audioPid, videoPid } from './packet.ts';

/** One frame. Times are 90 kHz ticks, not yet wrapped. */
export interface TsSample {
  readonly dts90k: number;
  readonly pts90k: number;
  readonly isSync: boolean;
  /** NAL units with 4-byte lengths, or one raw AAC frame. */
  readonly data: Uint8Array;
}

/** A PES packet to be written: one video frame, or a few AAC frames. */
export interface PesUnit {
  readonly pid: number;
  readonly dts90k: number;
  readonly isSync: boolean;
  /** With its header. */
  readonly sizeBytes: number;
  /** Writes the PES packet at the start of `out`. */
  readonly write: (out: Uint8Array) => void;
}

const videoStreamId = 0xe0;
const audioStreamId = 0xc0;
/** A frame that begins later than this after the first of its PES packet begins one of its own. */
const audioPesSpan90k = 6300;
/** Frames of one PES packet have one time stamp: this much they may be off. */
const audioDrift90k = 90;
const maxPesContentBytes = 0xffff - 8;

/** One PES packet a frame, its decode times put right. Throws MEDIA_TS_UNSUPPORTED or MEDIA_MALFORMED. */
export function videoPesUnits(config: VideoConfig, samples: readonly TsSample[]): PesUnit[] {
  const format = annexBFormat(config);
  const decodeTimes = repairedDecodeTimes(samples);
  return samples.map((sample, index) => videoPesUnit(format, sample, decodeTimes[index]!));
}

function videoPesUnit(format: AnnexBFormat, sample: TsSample, dts90k: number): PesUnit {
  const withParameterSets = needsParameterSets(format, sample.data, sample.isSync);
  const headerBytes = pesHeaderBytes(sample.pts90k !== dts90k);
  const contentBytes = annexBSizeBytes(format, sample.data, withParameterSets);
  return {
    pid: videoPid,
    dts90k,
    isSync: sample.isSync,
    sizeBytes: headerBytes + contentBytes,
    write(out) {
      const at = writePesHeader(out, videoStreamId, contentBytes, sample.pts90k, dts90k);
      writeAnnexB(out, at, format, sample.data, withParameterSets);
    },
  };
}

/** Decode times that are never after presentation and grow from frame to frame: only ever moved earlier. */
function repairedDecodeTimes(samples: readonly TsSample[]): Float64Array {
  const times = new Float64Array(samples.length);
  let next = Number.POSITIVE_INFINITY;
  for (let i = samples.length - 1; i >= 0; i--) {
    next = Math.min(samples[i]!.dts90k, samples[i]!.pts90k, next - 1);
    times[i] = next;
  }
  return times;
}

/** PES packets of up to about 90 ms of sound. Throws MEDIA_TS_UNSUPPORTED. */
export function audioPesUnits(config: AudioConfig, samples: readonly TsSample[]): PesUnit[] {
  const specificConfig = readAudioSpecificConfig(config.record);
  const frame90k = (config.samplesPerFrame * 90_000) / config.sampleRateHz;
  const units: PesUnit[] = [];
  for (let first = 0; first < samples.length; ) {
    const firstTime = samples[first]!.pts90k;
    let contentBytes = 0;
    let end = first;
    for (; end < samples.length; end++) {
      const sample = samples[end]!;
      const sinceFirst = sample.pts90k - firstTime;
      const sizeBytes = adtsHeaderSizeBytes + sample.data.length;
      const isOff = Math.abs(sinceFirst - (end - first) * frame90k) > audioDrift90k;
      if (end > first && (sinceFirst > audioPesSpan90k || isOff || contentBytes + sizeBytes > maxPesContentBytes))
        break;
      contentBytes += sizeBytes;
    }
    units.push(audioPesUnit(specificConfig, samples.slice(first, end), contentBytes));
    first = end;
  }
  return units;
}

function audioPesUnit(config: AudioSpecificConfig, samples: readonly TsSample[], contentBytes: number): PesUnit {
  const pts90k = samples[0]!.pts90k;
  return {
    pid: audioPid,
    dts90k: pts90k,
    isSync: true,
    sizeBytes: pesHeaderBytes(false) + contentBytes,
    write(out) {
      let at = writePesHeader(out, audioStreamId, contentBytes, pts90k, pts90k);
      for (const sample of samples) {
        writeAdtsHeader(out, at, config, sample.data.length);
        out.set(sample.data, at + adtsHeaderSizeBytes);
        at += adtsHeaderSizeBytes + sample.data.length;
      }
    },
  };
}

function pesHeaderBytes(hasDts: boolean): number {
  return 9 + (hasDts ? 10 : 5);
}

/** PES packet header (ISO/IEC 13818-1 §2.4.3.7); returns where the content begins. */
function writePesHeader(
  out: Uint8Array,
  streamId: number,
  contentBytes: number,
  pts90k: number,
  dts90k: number,
): number {
  const hasDts = pts90k !== dts90k;
  const headerBytes = pesHeaderBytes(hasDts);
  const lengthBytes = headerBytes - 6 + contentBytes;
  const length = lengthBytes > 0xffff ? 0 : lengthBytes; // 0: until the next one begins, for video only
  out.set([0, 0, 1, streamId, length >> 8, length & 0xff, 0x84, hasDts ? 0xc0 : 0x80, headerBytes - 9]);
  writeTimestamp(out, 9, hasDts ? 3 : 2, pts90k);
  if (hasDts) writeTimestamp(out, 14, 1, dts90k);
  return headerBytes;
}

function writeTimestamp(out: Uint8Array, at: number, prefix: number, time90k: number): void {
  const time = wrap33(time90k);
  const high = Math.floor(time / 2 ** 30);
  const low = time % 2 ** 30;
  out[at] = (prefix << 4) | (high << 1) | 1;
  out[at + 1] = low >> 22;
  out[at + 2] = ((low >> 14) & 0xfe) | 1;
  out[at + 3] = low >> 7;
  out[at + 4] = ((low << 1) & 0xfe) | 1;
}

/** A time as its 33 bits. */
export function wrap33(time90k: number): number {
  const wrapped = Math.round(time90k) % 2 ** 33;
  return wrapped < 0 ? wrapped + 2 ** 33 : wrapped;
}
