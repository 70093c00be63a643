import { assertNever } from '../../base/errors.ts';
import { readAacConfig } from '../aac/config.ts';
import { classifyAv1Frame, withoutDelimiters } from '../av1/obu.ts';
import { readAv1Config } from '../av1/record.ts';
import { classifyAvcFrame } from '../avc/access-unit.ts';
import { readAvcConfig } from '../avc/record.ts';
import type { FrameContent } from '../frame-content.ts';
import { classifyHevcFrame } from '../hevc/access-unit.ts';
import { readHevcConfig } from '../hevc/record.ts';
import { normaliseNalUnits } from '../nal-units.ts';
import { readOpusConfig } from '../opus/config.ts';
import type { AudioConfig, ForeignAudioConfig, VideoConfig } from '../track.ts';

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
  /** A frame that says itself what it is; the same object while it says the same. */
  | { readonly type: 'foreign-frame'; readonly config: ForeignAudioConfig; readonly data: Uint8Array }
  | Ignored;

export function ignored(why: string, unsupportedCodec?: string): Ignored {
  return unsupportedCodec === undefined ? { type: 'ignored', why } : { type: 'ignored', why, unsupportedCodec };
}

const noPicture = ignored('a frame without a picture');

/** The tag of a decoder configuration record. Throws BYTES_SHORT or MEDIA_MALFORMED. */
export function videoConfigTag(codec: VideoConfig['codec'], record: Uint8Array): VideoTag {
  switch (codec) {
    case 'avc':
      return { type: 'config', ...readAvcConfig(record) };
    case 'hevc':
      return { type: 'config', ...readHevcConfig(record) };
    case 'av1':
      return { type: 'config', config: readAv1Config(record), nalLengthSizeBytes: 4 };
    default:
      assertNever(codec);
  }
}

/** The tag of a coded frame, looked into and put right. Throws MEDIA_MALFORMED. */
export function videoFrameTag(
  codec: VideoConfig['codec'],
  compositionOffsetMs: number,
  data: Uint8Array,
  nalLengthSizeBytes: number,
): VideoTag {
  const content = classifyFrame(codec, data, nalLengthSizeBytes);
  if (content === 'no-picture') return noPicture;
  const clean = codec === 'av1' ? withoutDelimiters(data) : normaliseNalUnits(data, nalLengthSizeBytes);
  return { type: 'frame', codec, isSync: content === 'sync', compositionOffsetMs, data: clean };
}

function classifyFrame(codec: VideoConfig['codec'], data: Uint8Array, nalLengthSizeBytes: number): FrameContent {
  switch (codec) {
    case 'avc':
      return classifyAvcFrame(data, nalLengthSizeBytes);
    case 'hevc':
      return classifyHevcFrame(data, nalLengthSizeBytes);
    case 'av1':
      return classifyAv1Frame(data);
    default:
      assertNever(codec);
  }
}

/** The tag of an audio configuration. Throws BYTES_SHORT, MEDIA_MALFORMED or MEDIA_UNSUPPORTED. */
export function audioConfigTag(codec: AudioConfig['codec'], record: Uint8Array): AudioTag {
  return { type: 'config', config: codec === 'aac' ? readAacConfig(record) : readOpusConfig(record) };
}

/** The tag of an audio frame, which must not be empty. */
export function audioFrameTag(codec: AudioConfig['codec'], data: Uint8Array): AudioTag {
  return { type: 'frame', codec, data };
}
