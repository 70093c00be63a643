import { ByteReader } from '../../base/bytes.ts';
import type { AudioConfig, VideoConfig } from '../track.ts';
import { enhancedMp3 } from './foreign-sound.ts';
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

/** VideoPacketType of Enhanced RTMP v2 ("Enhanced Video"). */
const videoPacketTypes = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  multitrack: 6,
  modEx: 7,
};
const videoMetadata = 4;
const commandFrameType = 5;

/** AudioPacketType of Enhanced RTMP v2 ("Enhanced Audio"). */
const audioPacketTypes = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2, multitrack: 5, modEx: 7 };

const manyTracksManyCodecs = 2;
const manyTracks = 1;
const enhancedSoundFormat = 9;

const tooShort = ignored('a message without content');
const metadata = ignored('a metadata packet');
const commandFrame = ignored('a command frame');
const otherTrack = ignored('a track other than the first');
const emptyConfig = ignored('an empty sequence header');
const emptyFrame = ignored('an empty frame');
const unknownPacketType = ignored('a packet of a type we do not know');
const audioSequenceEnd = ignored('the end of an audio sequence');
const endOfSequence = { type: 'end-of-sequence' } as const;

/** The codecs we carry, by FourCC. */
const videoCodecs = new Map<number, VideoConfig['codec']>([
  [fourCc('avc1'), 'avc'],
  [fourCc('hvc1'), 'hevc'],
  [fourCc('av01'), 'av1'],
]);
const audioCodecs = new Map<number, AudioConfig['codec']>([
  [fourCc('mp4a'), 'aac'],
  [fourCc('Opus'), 'opus'],
]);
/** Those of the specification that we do not carry; any other FourCC is "unknown". */
const unsupported = new Map<number, Ignored>(
  ['vp08', 'vp09', 'vvc1', 'ac-3', 'ec-3', 'fLaC'].map((name) => [fourCc(name), unsupportedCodec(name)]),
);
const mp3FourCc = fourCc('.mp3');
const unknownCodec = unsupportedCodec('unknown codec');

function unsupportedCodec(name: string): Ignored {
  return ignored(`${name} is not carried; send H.264, HEVC or AV1, and AAC, Opus or MP3`, name);
}

function fourCc(name: string): number {
  return [...name].reduce((value, char) => value * 256 + char.charCodeAt(0), 0);
}

/** ExVideoTagHeader: the high bit of the first byte. */
export function isEnhancedVideo(first: number): boolean {
  return (first & 0x80) !== 0;
}

/** ExAudioTagHeader: sound format 9. */
export function isEnhancedAudio(first: number): boolean {
  return first >> 4 === enhancedSoundFormat;
}

/** An Enhanced RTMP v1 or v2 video message. Of several tracks, only track 0 is read. Throws like `parseVideoTagBody`. */
export function parseEnhancedVideo(body: Uint8Array, nalLengthSizeBytes: number): VideoTag {
  const isCommand = ((body[0]! >> 4) & 7) === commandFrameType;
  let packetType = body[0]! & 0x0f;
  let offset = 1;
  if (packetType === videoPacketTypes.modEx) {
    const reader = new ByteReader(body, 1);
    packetType = skipModEx(reader, videoPacketTypes.modEx);
    offset = reader.offset;
  }
  if (packetType === videoMetadata) return metadata;
  if (isCommand) return commandFrame;
  if (packetType === videoPacketTypes.multitrack) {
    const track = readFirstTrack(new ByteReader(body, offset));
    if (track === undefined) return otherTrack;
    return parseVideoPacket(track.packetType, track.fourCc, track.data, nalLengthSizeBytes);
  }
  if (body.length < offset + 4) return tooShort;
  return parseVideoPacket(packetType, u32(body, offset), body.subarray(offset + 4), nalLengthSizeBytes);
}

function parseVideoPacket(
  packetType: number,
  codecFourCc: number,
  data: Uint8Array,
  nalLengthSizeBytes: number,
): VideoTag {
  if (packetType === videoMetadata) return metadata;
  const codec = videoCodecs.get(codecFourCc);
  if (codec === undefined) return unsupported.get(codecFourCc) ?? unknownCodec;
  switch (packetType) {
    case videoPacketTypes.sequenceStart:
      return data.length === 0 ? emptyConfig : videoConfigTag(codec, data);
    case videoPacketTypes.codedFrames: {
      // AV1 has no composition time field; it shows frames in the order they are sent.
      if (codec === 'av1') return data.length === 0 ? emptyFrame : videoFrameTag(codec, 0, data, nalLengthSizeBytes);
      if (data.length <= 3) return emptyFrame;
      const offsetMs = ((data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8)) >> 8;
      return videoFrameTag(codec, offsetMs, data.subarray(3), nalLengthSizeBytes);
    }
    case videoPacketTypes.codedFramesX:
      return data.length === 0 ? emptyFrame : videoFrameTag(codec, 0, data, nalLengthSizeBytes);
    case videoPacketTypes.sequenceEnd:
      return endOfSequence;
    default:
      return unknownPacketType;
  }
}

/** An Enhanced RTMP v2 audio message. Of several tracks, only track 0 is read. Throws like `parseAudioTagBody`. */
export function parseEnhancedAudio(body: Uint8Array): AudioTag {
  let packetType = body[0]! & 0x0f;
  let offset = 1;
  if (packetType === audioPacketTypes.modEx) {
    const reader = new ByteReader(body, 1);
    packetType = skipModEx(reader, audioPacketTypes.modEx);
    offset = reader.offset;
  }
  if (packetType === audioPacketTypes.multitrack) {
    const track = readFirstTrack(new ByteReader(body, offset));
    return track === undefined ? otherTrack : parseAudioPacket(track.packetType, track.fourCc, track.data);
  }
  if (body.length < offset + 4) return tooShort;
  return parseAudioPacket(packetType, u32(body, offset), body.subarray(offset + 4));
}

function parseAudioPacket(packetType: number, codecFourCc: number, data: Uint8Array): AudioTag {
  const codec = audioCodecs.get(codecFourCc);
  if (codecFourCc === mp3FourCc && packetType === audioPacketTypes.codedFrames) {
    return data.length === 0 ? emptyFrame : { type: 'foreign-frame', config: enhancedMp3, data };
  }
  if (codec === undefined) return unsupported.get(codecFourCc) ?? unknownCodec;
  switch (packetType) {
    case audioPacketTypes.sequenceStart:
      return data.length === 0 ? emptyConfig : audioConfigTag(codec, data);
    case audioPacketTypes.codedFrames:
      return data.length === 0 ? emptyFrame : audioFrameTag(codec, data);
    case audioPacketTypes.sequenceEnd:
      return audioSequenceEnd;
    default:
      return unknownPacketType;
  }
}

/** Skips ModEx blocks (nanosecond offsets and what may come) and returns the packet type behind them. */
function skipModEx(reader: ByteReader, modEx: number): number {
  for (;;) {
    let sizeBytes = reader.u8() + 1;
    if (sizeBytes === 256) sizeBytes = reader.u16() + 1;
    reader.skip(sizeBytes);
    const packetType = reader.u8() & 0x0f; // the high four bits say which ModEx it was
    if (packetType !== modEx) return packetType;
  }
}

/** The packet of track 0 in a multitrack message; undefined when there is none. */
function readFirstTrack(reader: ByteReader): { packetType: number; fourCc: number; data: Uint8Array } | undefined {
  const types = reader.u8();
  const multitrackType = types >> 4;
  const packetType = types & 0x0f;
  if (multitrackType > manyTracksManyCodecs) return undefined;
  let codec = multitrackType === manyTracksManyCodecs ? 0 : reader.u32();
  while (reader.remaining > 0) {
    if (multitrackType === manyTracksManyCodecs) codec = reader.u32();
    const trackId = reader.u8();
    const isOneTrack = multitrackType < manyTracks;
    const data = reader.slice(isOneTrack ? reader.remaining : reader.u24());
    if (trackId === 0) return { packetType, fourCc: codec, data };
  }
  return undefined;
}

function u32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}
