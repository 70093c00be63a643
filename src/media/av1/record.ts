import { StreamctlError } from '../../base/errors.ts';
import type { VideoConfig } from '../track.ts';
import { obuTypes, readObu } from './obu.ts';
import { type Av1SequenceHeader, readAv1SequenceHeader } from './sequence-header.ts';

const recordHeaderBytes = 4;
const markerAndVersion = 0x81;

/** The sequence header in an av1C record (AV1 in ISOBMFF §2.3.3). Throws MEDIA_MALFORMED. */
export function readAv1Record(bytes: Uint8Array): Av1SequenceHeader {
  if (bytes[0] !== markerAndVersion) throw malformed('its version is not 1');
  for (let at = recordHeaderBytes; at < bytes.length; ) {
    const obu = readObu(bytes, at);
    if (obu.type === obuTypes.sequenceHeader) return readAv1SequenceHeader(bytes.subarray(obu.content, obu.end));
    at = obu.end;
  }
  throw malformed('it has no sequence header');
}

/** What an av1C record from the wire says; the record is a copy of it as sent. Throws MEDIA_MALFORMED. */
export function readAv1Config(bytes: Uint8Array): VideoConfig {
  const header = readAv1Record(bytes);
  const level = header.levelIdx.toString().padStart(2, '0');
  const depth = header.bitDepth.toString().padStart(2, '0');
  return {
    kind: 'video',
    codec: 'av1',
    codecString: `av01.${header.profile}.${level}${header.tier === 0 ? 'M' : 'H'}.${depth}`,
    record: bytes.slice(),
    widthPixels: header.widthPixels,
    heightPixels: header.heightPixels,
    ...(header.nominalFps === undefined ? {} : { nominalFps: header.nominalFps }),
  };
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'AV1 configuration (av1C)', why });
}
