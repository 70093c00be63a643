import type { ForeignAudioConfig } from '../track.ts';

/** SoundFormat of encodings without a configuration of their own, by name (FLV 10.1 §E.4.2.1); ffmpeg decodes each from FLV. */
const names: Record<number, string> = {
  0: 'PCM',
  1: 'ADPCM',
  2: 'MP3',
  3: 'PCM',
  4: 'Nellymoser',
  5: 'Nellymoser',
  6: 'Nellymoser',
  7: 'G.711 A-law',
  8: 'G.711 µ-law',
  11: 'Speex',
  14: 'MP3',
};
/** Those whose rate is not what SoundRate says. */
const fixedRatesHz: Record<number, number> = { 4: 16_000, 5: 8000, 7: 8000, 8: 8000, 11: 16_000, 14: 8000 };
const soundRatesHz = [5512, 11_025, 22_050, 44_100];
const monoFormats = [4, 5, 7, 8, 11];

/** MP3 at 44.1 kHz, stereo. Decoders of MP3 look into the frames and not at this byte. */
const mp3SoundHeader = 0x2f;

const configs: readonly (ForeignAudioConfig | undefined)[] = Array.from({ length: 256 }, (_, header) => read(header));

function read(flvSoundHeader: number): ForeignAudioConfig | undefined {
  const format = flvSoundHeader >> 4;
  const codecString = names[format];
  if (codecString === undefined) return undefined;
  const sampleRateHz = fixedRatesHz[format] ?? soundRatesHz[(flvSoundHeader >> 2) & 3]!;
  const channelCount = monoFormats.includes(format) ? 1 : 1 + (flvSoundHeader & 1);
  return { kind: 'audio', codec: 'foreign', codecString, flvSoundHeader, sampleRateHz, channelCount };
}

/** What the byte in front of a frame says of it: always the same object for the same byte; undefined for what needs a configuration. */
export function foreignSound(flvSoundHeader: number): ForeignAudioConfig | undefined {
  return configs[flvSoundHeader];
}

/** MP3 by its FourCC, as it would be by its number. */
export const enhancedMp3: ForeignAudioConfig = configs[mp3SoundHeader]!;
