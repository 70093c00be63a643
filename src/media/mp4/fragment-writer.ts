import { dependentSampleFlags, syncSampleFlags, tfhdFlags, trackId, trunFlags } from './sample-flags.ts';

export interface FragmentSample {
  readonly sizeBytes: number;
  readonly durationTicks: number;
  /** PTS − DTS, signed. */
  readonly compositionOffsetTicks: number;
  readonly isSync: boolean;
}

export interface FragmentOptions {
  /** Of the movie fragment; grows from one to the next. */
  readonly sequenceNumber: number;
  /** Decode time of the first sample: the sum of all durations before it. */
  readonly baseDecodeTimeTicks: number;
  readonly kind: 'video' | 'audio';
  /** At least one. */
  readonly samples: readonly FragmentSample[];
  /** The samples' bytes, one behind the other; as long as their sizes together. */
  readonly sampleBytes: Uint8Array;
  /** The fragment begins a segment: styp and prft come first. */
  readonly segmentStart?: {
    /** When the sample presented at `mediaTimeTicks` was received, ms since 1970. */
    readonly producerReferenceTime: { readonly ntpWallMs: number; readonly mediaTimeTicks: number };
  };
}

const stypBrands = ['msdh', 'msdh', 'cmfs', 'cmff', 'cmfl'];
const stypBytes = 8 + 8 + 4 * (stypBrands.length - 1);
const prftBytes = 32;
const mfhdBytes = 16;
const tfhdBytes = 32;
const tfdtBytes = 20;
const boxHeaderBytes = 8;
const secondsFrom1900To1970 = 2_208_988_800;

/**
 * One CMAF chunk: moof and mdat, with styp and prft before them where a segment starts (ISO/IEC 23000-19 §7.3.2).
 * All defaults are in tfhd and trun, sample_description_index included, as brand cmf2 wants it; composition offsets are
 * signed (trun version 1). Memory of exactly the size is asked for, and each byte of it written once.
 */
export function writeFragment(
  options: FragmentOptions,
  allocate: (lengthBytes: number) => Uint8Array = (lengthBytes) => new Uint8Array(lengthBytes),
): Uint8Array {
  const { samples, sampleBytes, segmentStart } = options;
  const fields = runFields(options.kind, samples);
  const prefixBytes = segmentStart === undefined ? 0 : stypBytes + prftBytes;
  const trunBytes = trunSizeBytes(fields, samples.length);
  const trafBytes = boxHeaderBytes + tfhdBytes + tfdtBytes + trunBytes;
  const moofBytes = boxHeaderBytes + mfhdBytes + trafBytes;
  const mdatBytes = boxHeaderBytes + sampleBytes.length;
  const out = allocate(prefixBytes + moofBytes + mdatBytes);
  const view = new DataView(out.buffer, out.byteOffset, out.length);

  let at = 0;
  if (segmentStart !== undefined) {
    const { ntpWallMs, mediaTimeTicks } = segmentStart.producerReferenceTime;
    at = writeStyp(view, at);
    at = writePrft(view, at, ntpWallMs, mediaTimeTicks);
  }
  at = writeBoxHeader(view, at, moofBytes, 0x6d6f6f66);
  at = writeBoxHeader(view, at, mfhdBytes, 0x6d666864);
  view.setUint32(at + 4, options.sequenceNumber);
  at += 8;
  at = writeBoxHeader(view, at, trafBytes, 0x74726166);
  at = writeTfhd(view, at, fields, samples[0]!);
  at = writeBoxHeader(view, at, tfdtBytes, 0x74666474);
  view.setUint32(at, 0x01000000);
  writeU64(view, at + 4, options.baseDecodeTimeTicks);
  at += 12;
  at = writeTrun(view, at, fields, samples, moofBytes + boxHeaderBytes);
  at = writeBoxHeader(view, at, mdatBytes, 0x6d646174);
  out.set(sampleBytes, at);
  return out;
}

/** What differs between the samples of a run and has to be written for each. */
interface RunFields {
  flags: number;
  defaultSampleFlags: number;
}

function runFields(kind: 'video' | 'audio', samples: readonly FragmentSample[]): RunFields {
  const first = samples[0];
  if (first === undefined) throw new Error('a fragment needs a sample');
  let flags: number = trunFlags.dataOffset;
  let syncCount = 0;
  for (const sample of samples) {
    if (sample.durationTicks !== first.durationTicks) flags |= trunFlags.duration;
    if (sample.sizeBytes !== first.sizeBytes) flags |= trunFlags.size;
    if (sample.compositionOffsetTicks !== 0) flags |= trunFlags.compositionOffset;
    if (sample.isSync) syncCount++;
  }
  if (kind === 'audio' || syncCount === samples.length) return { flags, defaultSampleFlags: syncSampleFlags };
  if (syncCount === 1 && first.isSync) flags |= trunFlags.firstSampleFlags;
  else if (syncCount > 0) flags |= trunFlags.flags;
  return { flags, defaultSampleFlags: dependentSampleFlags };
}

function trunSizeBytes(fields: RunFields, sampleCount: number): number {
  const { flags } = fields;
  let perSample = 0;
  if (flags & trunFlags.duration) perSample += 4;
  if (flags & trunFlags.size) perSample += 4;
  if (flags & trunFlags.flags) perSample += 4;
  if (flags & trunFlags.compositionOffset) perSample += 4;
  return 20 + (flags & trunFlags.firstSampleFlags ? 4 : 0) + perSample * sampleCount;
}

function writeTfhd(view: DataView, start: number, fields: RunFields, first: FragmentSample): number {
  const at = writeBoxHeader(view, start, tfhdBytes, 0x74666864);
  view.setUint32(
    at,
    tfhdFlags.defaultBaseIsMoof |
      tfhdFlags.sampleDescriptionIndex |
      tfhdFlags.defaultDuration |
      tfhdFlags.defaultSize |
      tfhdFlags.defaultFlags,
  );
  view.setUint32(at + 4, trackId);
  view.setUint32(at + 8, 1); // sample_description_index
  view.setUint32(at + 12, first.durationTicks);
  view.setUint32(at + 16, first.sizeBytes);
  view.setUint32(at + 20, fields.defaultSampleFlags);
  return at + 24;
}

function writeTrun(
  view: DataView,
  start: number,
  fields: RunFields,
  samples: readonly FragmentSample[],
  dataOffset: number,
): number {
  const { flags } = fields;
  let at = writeBoxHeader(view, start, trunSizeBytes(fields, samples.length), 0x7472756e);
  view.setUint32(at, 0x01000000 | flags);
  view.setUint32(at + 4, samples.length);
  view.setUint32(at + 8, dataOffset);
  at += 12;
  if (flags & trunFlags.firstSampleFlags) {
    view.setUint32(at, syncSampleFlags);
    at += 4;
  }
  for (const sample of samples) {
    if (flags & trunFlags.duration) {
      view.setUint32(at, sample.durationTicks);
      at += 4;
    }
    if (flags & trunFlags.size) {
      view.setUint32(at, sample.sizeBytes);
      at += 4;
    }
    if (flags & trunFlags.flags) {
      view.setUint32(at, sample.isSync ? syncSampleFlags : dependentSampleFlags);
      at += 4;
    }
    if (flags & trunFlags.compositionOffset) {
      view.setInt32(at, sample.compositionOffsetTicks);
      at += 4;
    }
  }
  return at;
}

/** Segment type: a DASH media segment, which is a CMAF segment, fragment and chunk. */
function writeStyp(view: DataView, start: number): number {
  let at = writeBoxHeader(view, start, stypBytes, 0x73747970);
  for (const [index, brand] of stypBrands.entries()) {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, brand.charCodeAt(i));
    at += index === 0 ? 8 : 4; // minor_version stands behind the major brand
  }
  return at;
}

/** ProducerReferenceTimeBox, version 1 (ISO/IEC 14496-12 §8.16.5). */
function writePrft(view: DataView, start: number, ntpWallMs: number, mediaTimeTicks: number): number {
  const at = writeBoxHeader(view, start, prftBytes, 0x70726674);
  view.setUint32(at, 0x01000000);
  view.setUint32(at + 4, trackId);
  const seconds = Math.floor(ntpWallMs / 1000);
  view.setUint32(at + 8, (seconds + secondsFrom1900To1970) % 2 ** 32);
  view.setUint32(at + 12, Math.floor(((ntpWallMs - seconds * 1000) / 1000) * 2 ** 32));
  writeU64(view, at + 16, mediaTimeTicks);
  return at + 24;
}

function writeBoxHeader(view: DataView, at: number, sizeBytes: number, type: number): number {
  view.setUint32(at, sizeBytes);
  view.setUint32(at + 4, type);
  return at + boxHeaderBytes;
}

function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}
