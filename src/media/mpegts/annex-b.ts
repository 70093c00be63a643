import { StreamctlError } from '../../base/errors.ts';
import { readAvcRecord } from '../avc/record.ts';
import { hevcNalType, hevcNalTypes } from '../hevc/access-unit.ts';
import { nalsOf, readHevcRecord } from '../hevc/record.ts';
import { nalUnitEnd } from '../nal-units.ts';
import type { VideoConfig } from '../track.ts';

/** How the access units of a track are written as a byte stream (ISO/IEC 14496-10 annex B). */
export interface AnnexBFormat {
  /** The access unit delimiter that begins each access unit, with its start code. */
  readonly delimiter: Uint8Array;
  /** All parameter sets of the configuration, with start codes. */
  readonly parameterSets: Uint8Array;
  readonly delimiterType: number;
  /** The parameter set types a frame must have in band, for those of the configuration to be left out. */
  readonly parameterSetTypes: readonly number[];
  readonly typeOf: (firstByte: number) => number;
}

const startCodeBytes = 4;

/** Throws MEDIA_TS_UNSUPPORTED for a codec without NAL units. */
export function annexBFormat(config: VideoConfig): AnnexBFormat {
  switch (config.codec) {
    case 'avc': {
      const record = readAvcRecord(config.record);
      return {
        delimiter: Uint8Array.of(0, 0, 0, 1, 9, 0xf0), // any slice type
        parameterSets: withStartCodes([...record.spsNals, ...(record.high?.spsExtNals ?? []), ...record.ppsNals]),
        delimiterType: 9,
        parameterSetTypes: [7, 8],
        typeOf: (firstByte) => firstByte & 0x1f,
      };
    }
    case 'hevc': {
      const record = readHevcRecord(config.record);
      const parameterSetTypes = [hevcNalTypes.vps, hevcNalTypes.sps, hevcNalTypes.pps];
      const nals = parameterSetTypes.flatMap((type) => nalsOf(record, type));
      return {
        delimiter: Uint8Array.of(0, 0, 0, 1, 0x46, 0x01, 0x50), // any slice type
        parameterSets: withStartCodes(nals),
        delimiterType: hevcNalTypes.delimiter,
        parameterSetTypes,
        typeOf: hevcNalType,
      };
    }
    default:
      throw new StreamctlError('MEDIA_TS_UNSUPPORTED', { what: config.codec });
  }
}

function withStartCodes(nals: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(nals.flatMap((nal) => [0, 0, 0, 1, ...nal]));
}

/** Whether the configuration's parameter sets must stand before this frame. */
export function needsParameterSets(format: AnnexBFormat, data: Uint8Array, isSync: boolean): boolean {
  if (!isSync) return false;
  const missing = new Set(format.parameterSetTypes);
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, startCodeBytes);
    if (end > at + startCodeBytes) missing.delete(format.typeOf(data[at + startCodeBytes]!));
    at = end;
  }
  return missing.size > 0;
}

/** The size of what `writeAnnexB` writes. Throws MEDIA_MALFORMED. */
export function annexBSizeBytes(format: AnnexBFormat, data: Uint8Array, withParameterSets: boolean): number {
  let size = format.delimiter.length + (withParameterSets ? format.parameterSets.length : 0);
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, startCodeBytes);
    if (isWritten(format, data, at, end)) size += end - at;
    at = end;
  }
  return size;
}

/** Writes a frame of NAL units with 4-byte lengths as a byte stream, its own delimiters replaced by ours. Returns the end. */
export function writeAnnexB(
  out: Uint8Array,
  offset: number,
  format: AnnexBFormat,
  data: Uint8Array,
  withParameterSets: boolean,
): number {
  out.set(format.delimiter, offset);
  let to = offset + format.delimiter.length;
  if (withParameterSets) {
    out.set(format.parameterSets, to);
    to += format.parameterSets.length;
  }
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, startCodeBytes);
    if (isWritten(format, data, at, end)) {
      out.set(data.subarray(at, end), to);
      out[to] = 0; // the length becomes a start code of the same size
      out[to + 1] = 0;
      out[to + 2] = 0;
      out[to + 3] = 1;
      to += end - at;
    }
    at = end;
  }
  return to;
}

function isWritten(format: AnnexBFormat, data: Uint8Array, at: number, end: number): boolean {
  return end > at + startCodeBytes && format.typeOf(data[at + startCodeBytes]!) !== format.delimiterType;
}
