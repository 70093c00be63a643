import type { AudioConfig } from '../media/track.ts';

/**
 * One raw AAC-LC frame of silence by channel count (ISO/IEC 14496-3 §4.4.2.1): single and paired channel elements with nothing in them.
 */
const silentAacLc: readonly (readonly number[] | undefined)[] = [
  undefined,
  [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80],
  [0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80],
  [0x00, 0xc8, 0x00, 0x80, 0x20, 0x84, 0x01, 0x26, 0x40, 0x08, 0x64, 0x00, 0x8e],
];

/** Opus: a 20 ms CELT frame with no payload decodes to silence (RFC 6716 §3.1). */
const silentOpus = [0xf8, 0xff, 0xfe];

/** A frame that decodes to silence under this configuration; undefined where we know none. */
export function silentFrame(config: AudioConfig): Uint8Array | undefined {
  if (config.codec === 'opus') return Uint8Array.from(silentOpus);
  if (config.codecString !== 'mp4a.40.2') return undefined;
  const frame = silentAacLc[config.channelCount];
  return frame && Uint8Array.from(frame);
}
