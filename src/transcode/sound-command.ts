import { readAacConfig } from '../media/aac/config.ts';
import type { AudioConfig } from '../media/track.ts';

/** AudioSpecificConfig as ffmpeg writes it: AAC-LC, 48 kHz, stereo, and no SBR, said outright. */
const audioSpecificConfig = [0x11, 0x90, 0x56, 0xe5, 0x00];

/** What is made of any sound, so that viewers know it before it is there and a publisher's change of mind changes nothing for them. */
export const madeSound: AudioConfig = readAacConfig(Uint8Array.from(audioSpecificConfig));

/**
 * The arguments of an ffmpeg that makes AAC of the sound on stdin and gives it as FLV on descriptor 3, at the times it came with.
 * It probes as little as it can: with 32 kB, MP3 comes out a second late.
 */
export function buildSoundArgs(spec: { readonly feedFormat: 'flv' | 'mp4'; readonly bitrateBps: number }): string[] {
  const { sampleRateHz, channelCount } = madeSound;
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'level+warning', '-nostats'],
    ...['-copyts', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0', '-protocol_whitelist', 'pipe'],
    ...['-f', spec.feedFormat, '-i', 'pipe:0', '-map', '0:a:0', '-c:a', 'aac', '-b:a', String(spec.bitrateBps)],
    ...['-ar', String(sampleRateHz), '-ac', String(channelCount)],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:3'],
  ];
}
