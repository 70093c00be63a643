import { expect, onTestFinished, test } from 'vitest';
import type { AccessUnit, AudioConfig, SourceAudioConfig, VideoConfig } from '../../src/media/track.ts';
import { BroadcastSound, type OpenSoundTranscoder } from '../../src/pipeline/broadcast-sound.ts';
import type { MediaSink, MediaStart } from '../../src/stream/media-sink.ts';
import { madeSound } from '../../src/transcode/sound-command.ts';
import { SoundTranscoder } from '../../src/transcode/sound-transcoder.ts';
import { audioConfig as aac, videoConfig as video } from '../packager/broadcast.ts';
import { until } from '../support/until.ts';
import { SkippableClock } from '../transcode/skippable-clock.ts';
import { flvSoundClip, opusSoundClip } from '../transcode/sound-clips.ts';

/** What stands behind it, as a list of what it was told. */
class Sink implements MediaSink {
  isGapping = false;
  endMs = 0;
  readonly starts: MediaStart[] = [];
  readonly configs: (VideoConfig | AudioConfig)[] = [];
  readonly units: AccessUnit[] = [];
  hasEnded = false;

  begin(start: MediaStart): void {
    this.starts.push(start);
  }
  configure(config: VideoConfig | AudioConfig): void {
    this.configs.push(config);
  }
  accessUnit(unit: AccessUnit): void {
    this.units.push({ ...unit, data: unit.data.slice() });
  }
  markDiscontinuity(): void {}
  interrupt(): void {}
  tick(): void {}
  end(): void {
    this.hasEnded = true;
  }
}

const clip = flvSoundClip('-c:a libmp3lame -b:a 96k', 44_100);
const mp3 = clip.config;
const { config: opus, units: opusUnits } = opusSoundClip();
const shortOpus = Uint8Array.of(0xe0, 1, 2); // 2.5 ms

function setUp(openTranscoder: OpenSoundTranscoder) {
  const sink = new Sink();
  const unusable: SourceAudioConfig[] = [];
  const onUnusable = (config: SourceAudioConfig) => unusable.push(config);
  const sound = new BroadcastSound({ sink, openTranscoder, onUnusable, onEnd: () => {} });
  return { sink, unusable, sound };
}

function realTranscoder(frame: (unit: AccessUnit) => void): SoundTranscoder {
  const listener = { frame, notice: () => {} };
  const transcoder = new SoundTranscoder({
    ffmpeg: { path: 'ffmpeg' },
    bitrateBps: 96_000,
    clock: new SkippableClock(),
    listener,
  });
  onTestFinished(() => transcoder.stop());
  return transcoder;
}

const none = () => 'none' as const;
const notNeeded = () => {
  throw new Error('AAC needs no ffmpeg');
};

function unit(data: Uint8Array, dtsMs = 0): AccessUnit {
  return { kind: 'audio', dtsMs, compositionOffsetMs: 0, isSync: true, data };
}

test('AAC and the picture go on untouched', () => {
  const { sink, sound } = setUp(notNeeded);
  const frames = [unit(Uint8Array.of(1)), { ...unit(Uint8Array.of(2)), kind: 'video' as const }];
  sound.begin({ startMs: 5, video, audio: aac });
  for (const frame of frames) sound.accessUnit(frame);
  expect(sink.starts).toEqual([{ startMs: 5, video, audio: aac, isAudioDue: false }]);
  expect(sink.units).toEqual(frames);
});

test('other sound is announced as the AAC that will be made of it, and comes as that', async () => {
  const { sink, sound } = setUp(realTranscoder);
  sound.begin({ startMs: 0, video, audio: mp3 });
  expect(sink.starts).toEqual([{ startMs: 0, video, audio: madeSound, isAudioDue: true }]);
  for (const frame of clip.units) sound.accessUnit(frame);
  await until('it comes', () => sink.units.length > 80);
  expect(sink.units.every((frame, index) => Math.abs(frame.dtsMs - (index * 1024) / 48) < 2)).toBe(true);
});

test('the last of the sound comes out before the end', async () => {
  const { sink, sound } = setUp(realTranscoder);
  sound.begin({ startMs: 0, video, audio: mp3 });
  for (const frame of clip.units) sound.accessUnit(frame);
  sound.end();
  await until('it has ended', () => sink.hasEnded);
  expect(sink.units.at(-1)!.dtsMs).toBeGreaterThan(1950);
});

test('a publisher that changes over to AAC is passed through from then on', async () => {
  const { sink, sound } = setUp(realTranscoder);
  sound.begin({ startMs: 0, video, audio: mp3 });
  for (const frame of clip.units) sound.accessUnit(frame);
  sound.configure(aac);
  expect(sink.configs).toEqual([aac]);
  const frame = unit(Uint8Array.of(1), 2100);
  sound.accessUnit(frame);
  expect(sink.units.at(-1)).toEqual(frame);
});

test('while nobody knows whether there is an ffmpeg the picture goes alone, and the sound joins it', () => {
  let isKnown = false;
  const { sink, sound } = setUp((frame) => (isKnown ? realTranscoder(frame) : undefined));
  sound.begin({ startMs: 0, video, audio: mp3 });
  sound.accessUnit(clip.units[0]!);
  expect(sink.starts).toEqual([{ startMs: 0, video }]);
  expect(sound.droppedFrames).toBe(1);
  isKnown = true;
  sound.lookAgain();
  expect(sink.configs).toEqual([madeSound]);
});

test('without ffmpeg MP3 is left out, and it is said', () => {
  const { sink, sound, unusable } = setUp(none);
  sound.begin({ startMs: 0, video, audio: mp3 });
  sound.accessUnit(clip.units[0]!);
  expect(sink.starts).toEqual([{ startMs: 0, video }]);
  expect(sink.units).toEqual([]);
  expect(unusable).toEqual([mp3]);
});

test('without ffmpeg Opus goes on as it is, but for frames its track has no room for', () => {
  const { sink, sound, unusable } = setUp(none);
  sound.begin({ startMs: 0, video, audio: opus });
  sound.accessUnit(opusUnits[0]!);
  sound.accessUnit(unit(shortOpus, 20));
  expect(sink.starts).toEqual([{ startMs: 0, video, audio: opus, isAudioDue: false }]);
  expect(sink.units).toEqual([opusUnits[0]]);
  expect(sound.droppedFrames).toBe(1);
  expect(unusable).toEqual([opus]);
});
