import { FlvReader } from '../../src/media/flv/file.ts';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { AccessUnit, AudioConfig, ForeignAudioConfig, SourceAudioConfig } from '../../src/media/track.ts';
import { encoded } from './source-clips.ts';

export interface SoundClip {
  readonly config: SourceAudioConfig;
  readonly units: readonly AccessUnit[];
}

export const beepStartMs = 1000;

/** Two seconds of silence with a beep of 200 ms from 1 s on. */
function beep(sampleRateHz: number): string {
  const expression = 'if(between(t\\,1\\,1.2)\\,0.8*sin(2*PI*1000*t)\\,0)';
  return `-f lavfi -i aevalsrc=${expression}:s=${sampleRateHz}:d=2`;
}

/** As FLV carries it: the byte in front of each frame is all there is of a configuration. */
export function flvSoundClip(codecArgs: string, sampleRateHz: number): SoundClip {
  const reader = new FlvReader();
  reader.push(encoded('sound.flv', `${beep(sampleRateHz)} ${codecArgs} -f flv`));
  const units: AccessUnit[] = [];
  let flvSoundHeader = 0;
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
    if (tag.type !== 'audio') continue;
    flvSoundHeader = tag.body[0]!;
    units.push(unit(tag.timestampMs, tag.body.subarray(1)));
  }
  const config: ForeignAudioConfig = {
    kind: 'audio',
    codec: 'foreign',
    codecString: 'test',
    flvSoundHeader,
    sampleRateHz,
    channelCount: 1,
  };
  return { config, units };
}

export function opusSoundClip(channelCount = 1): SoundClip {
  const container = '-movflags +frag_every_frame+empty_moov+default_base_moof -f mp4';
  const file = encoded('opus.mp4', `${beep(48_000)} -c:a libopus -ac ${channelCount} ${container}`);
  const at = file.indexOf('dOps');
  const record = Uint8Array.from(file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4)));
  const config: AudioConfig = {
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    record,
    sampleRateHz: 48_000,
    channelCount,
    samplesPerFrame: 960,
  };
  const units = readFragments(file).map(({ baseDecodeTimeTicks, samples }) =>
    unit(Math.round(baseDecodeTimeTicks / 48), samples[0]!.data),
  );
  return { config, units };
}

function unit(dtsMs: number, data: Uint8Array): AccessUnit {
  return { kind: 'audio', dtsMs, compositionOffsetMs: 0, isSync: true, data };
}
