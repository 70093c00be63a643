import { isEnhancedAudio, isEnhancedVideo, parseEnhancedAudio, parseEnhancedVideo } from './enhanced.ts';
import { foreignSound } from './foreign-sound.ts';
import {
  type AudioTag,
  audioConfigTag,
  audioFrameTag,
  type Ignored,
  ignored,
  type VideoTag,
  videoConfigTag,
  videoFrameTag,
} from './tag-content.ts';

/** FLV video codec ids by name (FLV 10.1 §E.4.3.1). */
const videoCodecNames: Record<number, string> = {
  2: 'Sorenson H.263',
  3: 'Screen video',
  4: 'VP6',
  5: 'VP6',
  6: 'Screen video',
};

/** What encoders used for HEVC before Enhanced RTMP; the layout is that of H.264. */
const unofficialHevcId = 12;

const tooShort = ignored('a message without content');
const commandFrame = ignored('a command frame');
const unknownPacketType = ignored('a packet of a type we do not know');
const emptyConfig = ignored('an empty sequence header');
const emptyFrame = ignored('an empty frame');
const endOfSequence = { type: 'end-of-sequence' } as const;
const unsupportedVideo = namedCodecs(videoCodecNames, 'H.264');
const unsupportedAudio = namedCodecs({}, 'AAC');

/**
 * What the body of an FLV video tag or RTMP video message has in it (FLV 10.1 §E.4.3; Enhanced RTMP v2 for ex-headers).
 * `nalLengthSizeBytes` is that of the last config tag; frames come out with 4-byte lengths.
 *
 * A codec we do not carry is `ignored` with `unsupportedCodec`, not an error: the other track may be fine.
 * Throws BYTES_SHORT or MEDIA_MALFORMED for damaged data, MEDIA_UNSUPPORTED for a configuration we do not carry.
 */
export function parseVideoTagBody(body: Uint8Array, nalLengthSizeBytes = 4): VideoTag {
  if (body.length === 0) return tooShort;
  const first = body[0]!;
  if (isEnhancedVideo(first)) return parseEnhancedVideo(body, nalLengthSizeBytes);
  if (first >> 4 === 5) return commandFrame;
  const codecId = first & 0x0f;
  const codec = codecId === 7 ? 'avc' : codecId === unofficialHevcId ? 'hevc' : undefined;
  if (codec === undefined) return unsupportedVideo.get(codecId)!;
  if (body.length < 5) return body.length === 2 && body[1] === 2 ? endOfSequence : tooShort;
  switch (body[1]) {
    case 0:
      return body.length === 5 ? emptyConfig : videoConfigTag(codec, body.subarray(5));
    case 1: {
      if (body.length === 5) return emptyFrame;
      const compositionOffsetMs = ((body[2]! << 24) | (body[3]! << 16) | (body[4]! << 8)) >> 8;
      return videoFrameTag(codec, compositionOffsetMs, body.subarray(5), nalLengthSizeBytes);
    }
    case 2:
      return endOfSequence;
    default:
      return unknownPacketType;
  }
}

/** What the body of an FLV audio tag or RTMP audio message has in it (FLV 10.1 §E.4.2). Throws like `parseVideoTagBody`. */
export function parseAudioTagBody(body: Uint8Array): AudioTag {
  if (body.length === 0) return tooShort;
  const first = body[0]!;
  if (isEnhancedAudio(first)) return parseEnhancedAudio(body);
  const codecId = first >> 4;
  if (codecId !== 10) return parseForeignSound(body);
  if (body.length < 2) return tooShort;
  switch (body[1]) {
    case 0:
      return body.length === 2 ? emptyConfig : audioConfigTag('aac', body.subarray(2));
    case 1:
      return body.length === 2 ? emptyFrame : audioFrameTag('aac', body.subarray(2));
    default:
      return unknownPacketType;
  }
}

function parseForeignSound(body: Uint8Array): AudioTag {
  const config = foreignSound(body[0]!);
  if (config === undefined) return unsupportedAudio.get(body[0]! >> 4)!;
  return body.length === 1 ? emptyFrame : { type: 'foreign-frame', config, data: body.subarray(1) };
}

/** The answer for each of the 16 codec ids, made once: a publisher sends thousands of such messages. */
function namedCodecs(names: Record<number, string>, supported: string): Map<number, Ignored> {
  return new Map(
    Array.from({ length: 16 }, (_, id) => {
      const name = names[id] ?? `codec ${id}`;
      return [id, ignored(`${name} is not carried; send ${supported}`, name)];
    }),
  );
}
