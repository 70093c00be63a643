import { ByteReader } from '../../base/bytes.ts';
import { StreamctlError } from '../../base/errors.ts';
import { nonSyncBit, tfhdFlags, trunFlags } from './sample-flags.ts';

export interface FragmentReadSample {
  readonly durationTicks: number;
  readonly compositionOffsetTicks: number;
  readonly isSync: boolean;
  /** A view into the fragment. */
  readonly data: Uint8Array;
}

export interface Fragment {
  readonly sequenceNumber: number;
  readonly baseDecodeTimeTicks: number;
  readonly samples: readonly FragmentReadSample[];
}

const maxSamples = 100_000;

/**
 * Reads the movie fragments of one or more CMAF chunks; other boxes between them are skipped. Mirror of `writeFragment`:
 * one track and one run a fragment, data addressed from its moof. Throws BYTES_SHORT or MEDIA_MALFORMED.
 */
export function readFragments(bytes: Uint8Array): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at < bytes.length; ) {
    const reader = new ByteReader(bytes, at);
    const box = nextBox(reader);
    if (box.type === 'moof') fragments.push(readMovieFragment(box.content, bytes, at));
    at = reader.offset;
  }
  return fragments;
}

interface TrackFragmentDefaults {
  durationTicks: number;
  sizeBytes: number;
  flags: number;
}

function readMovieFragment(moof: ByteReader, bytes: Uint8Array, moofOffset: number): Fragment {
  let sequenceNumber = 0;
  while (moof.remaining > 0) {
    const box = nextBox(moof);
    if (box.type === 'mfhd') {
      box.content.skip(4);
      sequenceNumber = box.content.u32();
    } else if (box.type === 'traf') {
      return { sequenceNumber, ...readTrackFragment(box.content, bytes, moofOffset) };
    }
  }
  throw malformed('a moof has no traf');
}

function readTrackFragment(traf: ByteReader, bytes: Uint8Array, moofOffset: number): Omit<Fragment, 'sequenceNumber'> {
  let defaults: TrackFragmentDefaults = { durationTicks: 0, sizeBytes: 0, flags: 0 };
  let baseDecodeTimeTicks = 0;
  while (traf.remaining > 0) {
    const { type, content } = nextBox(traf);
    if (type === 'tfhd') {
      defaults = readTfhd(content);
    } else if (type === 'tfdt') {
      const version = content.u8();
      content.skip(3);
      baseDecodeTimeTicks = version === 1 ? content.u64() : content.u32();
    } else if (type === 'trun') {
      return { baseDecodeTimeTicks, samples: readTrun(content, defaults, bytes, moofOffset) };
    }
  }
  throw malformed('a traf has no trun');
}

function readTfhd(content: ByteReader): TrackFragmentDefaults {
  const flags = content.u32() & 0xffffff;
  content.skip(4); // track_ID
  if (flags & tfhdFlags.baseDataOffset) throw malformed('its data is not addressed from its moof');
  if (flags & tfhdFlags.sampleDescriptionIndex) content.skip(4);
  return {
    durationTicks: flags & tfhdFlags.defaultDuration ? content.u32() : 0,
    sizeBytes: flags & tfhdFlags.defaultSize ? content.u32() : 0,
    flags: flags & tfhdFlags.defaultFlags ? content.u32() : 0,
  };
}

function readTrun(
  content: ByteReader,
  defaults: TrackFragmentDefaults,
  bytes: Uint8Array,
  moofOffset: number,
): FragmentReadSample[] {
  const flags = content.u32() & 0xffffff;
  const count = content.u32();
  if (count > maxSamples) throw malformed(`a run of ${count} samples is too long`);
  if ((flags & trunFlags.dataOffset) === 0) throw malformed('its data is not addressed from its moof');
  const data = new ByteReader(bytes, moofOffset);
  data.skip(content.i32());
  const firstFlags = flags & trunFlags.firstSampleFlags ? content.u32() : defaults.flags;
  const samples: FragmentReadSample[] = [];
  for (let i = 0; i < count; i++) {
    const durationTicks = flags & trunFlags.duration ? content.u32() : defaults.durationTicks;
    const sizeBytes = flags & trunFlags.size ? content.u32() : defaults.sizeBytes;
    const sampleFlags = flags & trunFlags.flags ? content.u32() : i === 0 ? firstFlags : defaults.flags;
    const compositionOffsetTicks = flags & trunFlags.compositionOffset ? content.i32() : 0;
    const isSync = (sampleFlags & nonSyncBit) === 0;
    samples.push({ durationTicks, compositionOffsetTicks, isSync, data: data.slice(sizeBytes) });
  }
  return samples;
}

/** The next box and a reader of its content; `reader` stands behind it afterwards. */
function nextBox(reader: ByteReader): { type: string; content: ByteReader } {
  const sizeBytes = reader.u32();
  const type = String.fromCharCode(reader.u8(), reader.u8(), reader.u8(), reader.u8());
  if (sizeBytes < 8) throw malformed(`box ${type} has no sane size`);
  const start = reader.offset;
  reader.skip(sizeBytes - 8);
  return { type, content: new ByteReader(reader.bytes, start, reader.offset) };
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'fragment', why });
}
