import { StreamctlError } from '../../base/errors.ts';
import { classifyAvcFrame } from '../avc/access-unit.ts';
import { readAvcConfig } from '../avc/record.ts';
import { normaliseNalUnits } from '../nal-units.ts';
import type { AudioConfig, VideoConfig } from '../track.ts';

/** A message without a frame or a configuration for us: to be counted, not an error. */
export interface Ignored {
  readonly type: 'ignored';
  /** For a person: "a frame without a picture". Constant sentences, fit to count by. */
  readonly why: string;
  /** The name of a codec we do not carry, where that is the reason. */
  readonly unsupportedCodec?: string;
}

export type VideoTag =
  | {
      readonly type: 'config';
      readonly config: VideoConfig;
      /** Of the frames that follow; to be passed to `parseVideoTagBody` with each. */
      readonly nalLengthSizeBytes: number;
    }
  | {
      readonly type: 'frame';
      readonly codec: VideoConfig['codec'];
      /** By the bitstream, not by the tag's own flag. */
      readonly isSync: boolean;
      readonly compositionOffsetMs: number;
      /** NAL units with 4-byte lengths (AV1: a temporal unit's OBUs). A view into the body unless it had to be put right. */
      readonly data: Uint8Array;
    }
  | { readonly type: 'end-of-sequence' }
  | Ignored;

export type AudioTag =
  | { readonly type: 'config'; readonly config: AudioConfig }
  | {
      readonly type: 'frame';
      readonly codec: AudioConfig['codec'];
      /** A view into the body. */
      readonly data: Uint8Array;
    }
  | Ignored;

export function ignored(why: string, unsupportedCodec?: string): Ignored {
  return unsupportedCodec === undefined ? { type: 'ignored', why } : { type: 'ignored', why, unsupportedCodec };
}

const noPicture = ignored('a frame without a picture');

/** The tag of a decoder configuration record. Throws BYTES_SHORT, MEDIA_MALFORMED or MEDIA_UNSUPPORTED. */
export function videoConfigTag(codec: VideoConfig['codec'], record: Uint8Array): VideoTag {
  switch (codec) {
    case 'avc':
      return { type: 'config', ...readAvcConfig(record) };
    default:
      throw new StreamctlError('MEDIA_UNSUPPORTED', { what: codec });
  }
}

/** The tag of a coded frame, looked into. Throws MEDIA_MALFORMED. */
export function videoFrameTag(
  codec: VideoConfig['codec'],
  compositionOffsetMs: number,
  data: Uint8Array,
  nalLengthSizeBytes: number,
): VideoTag {
  const content = classifyAvcFrame(data, nalLengthSizeBytes);
  if (content === 'no-picture') return noPicture;
  const isSync = content === 'sync';
  return { type: 'frame', codec, isSync, compositionOffsetMs, data: normaliseNalUnits(data, nalLengthSizeBytes) };
}
