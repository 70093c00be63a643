import { writeOpusHead } from '../opus/config.ts';
import type { AudioConfig, VideoConfig } from '../track.ts';

/** Body bytes before the content: legacy tags for H.264 and AAC, which every server reads; Enhanced RTMP for the rest. */
const enhancedFourCcs = { hevc: 'hvc1', av1: 'av01', opus: 'Opus' } as const;

/** The body of a sequence header message for `config`. Mirror of `parseVideoTagBody`. */
export function writeVideoConfigBody(config: VideoConfig): Uint8Array<ArrayBuffer> {
  if (config.codec === 'avc') return withHeader([0x17, 0, 0, 0, 0], config.record);
  return withHeader([0x90, ...ascii(enhancedFourCcs[config.codec])], config.record);
}

/** The body of a message with one frame. Mirror of `parseVideoTagBody`; `compositionOffsetMs` must fit 24 signed bits. */
export function writeVideoFrameBody(
  codec: VideoConfig['codec'],
  frame: { readonly isSync: boolean; readonly compositionOffsetMs: number; readonly data: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const frameType = frame.isSync ? 0x10 : 0x20;
  const offset = frame.compositionOffsetMs;
  const compositionTime = [offset >> 16, offset >> 8, offset];
  if (codec === 'avc') return withHeader([frameType | 7, 1, ...compositionTime], frame.data);
  const codedFrames = [0x80 | frameType | 1, ...ascii(enhancedFourCcs[codec])];
  return withHeader(codec === 'av1' ? codedFrames : [...codedFrames, ...compositionTime], frame.data);
}

/** The body of a message that ends the sequence of `codec`. Mirror of `parseVideoTagBody`. */
export function writeVideoEndBody(codec: VideoConfig['codec']): Uint8Array<ArrayBuffer> {
  return codec === 'avc' ? Uint8Array.of(0x17, 2, 0, 0, 0) : Uint8Array.of(0x92, ...ascii(enhancedFourCcs[codec]));
}

/** The body of a sequence header message for `config`. Mirror of `parseAudioTagBody`. */
export function writeAudioConfigBody(config: AudioConfig): Uint8Array<ArrayBuffer> {
  if (config.codec === 'aac') return withHeader([0xaf, 0], config.record);
  return withHeader([0x90, ...ascii(enhancedFourCcs.opus)], writeOpusHead(config));
}

/** The body of a message with one raw frame. Mirror of `parseAudioTagBody`. */
export function writeAudioFrameBody(codec: AudioConfig['codec'], data: Uint8Array): Uint8Array<ArrayBuffer> {
  return withHeader(codec === 'aac' ? [0xaf, 1] : [0x91, ...ascii(enhancedFourCcs.opus)], data);
}

function ascii(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

function withHeader(header: readonly number[], content: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(header.length + content.length);
  body.set(header);
  body.set(content, header.length);
  return body;
}
