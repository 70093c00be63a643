import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { writeAdtsHeader } from '../../src/media/aac/adts.ts';
import { readAudioSpecificConfig } from '../../src/media/aac/config.ts';
import type { AccessUnit } from '../../src/media/track.ts';
import { madeSound } from '../../src/transcode/sound-command.ts';
import { SoundTranscoder } from '../../src/transcode/sound-transcoder.ts';
import type { TranscodeNotice } from '../../src/transcode/transcode-listener.ts';
import { SkippableClock } from './skippable-clock.ts';
import type { SoundClip } from './sound-clips.ts';

/** Not whole on purpose: stream time is not either. */
const streamStartMs = 10_432.187;
const frameMs = 1024 / 48;

/** A transcoder with the real ffmpeg and all it gives. Times are those of the clip. */
export class SoundRig {
  readonly clock = new SkippableClock();
  readonly transcoder: SoundTranscoder;
  readonly frames: { readonly atMs: number; readonly data: Uint8Array }[] = [];
  readonly notices: TranscodeNotice[] = [];

  constructor(path = 'ffmpeg') {
    this.transcoder = new SoundTranscoder({
      ffmpeg: { path },
      bitrateBps: 128_000,
      clock: this.clock,
      listener: {
        frame: ({ dtsMs, data }) => this.frames.push({ atMs: dtsMs - streamStartMs, data: data.slice() }),
        notice: (notice) => this.notices.push(notice),
      },
    });
  }

  /** Feeds a clip, or what of it lies between two times; at the times it says where `isLive`. */
  async play(
    { config, units }: SoundClip,
    options: {
      readonly fromMs?: number;
      readonly toMs?: number;
      readonly shiftMs?: number;
      readonly isLive?: boolean;
    } = {},
  ): Promise<void> {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY, shiftMs = 0, isLive = false } = options;
    this.transcoder.configure(config);
    const beganMs = performance.now();
    for (const unit of units.filter(({ dtsMs }) => dtsMs >= fromMs && dtsMs < toMs)) {
      const aheadMs = beganMs + unit.dtsMs - fromMs - performance.now();
      if (isLive && aheadMs > 0) await delay(aheadMs);
      this.feed(unit, shiftMs);
    }
  }

  feed(unit: AccessUnit, shiftMs = 0): void {
    const lent = { ...unit, dtsMs: unit.dtsMs + streamStartMs + shiftMs, data: unit.data.slice() };
    this.transcoder.accessUnit(lent);
    lent.data.fill(0xff); // it was only lent
  }

  get endMs(): number {
    return (this.frames.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) + frameMs;
  }

  /** Distances of frames from where the one before ends, ms: 0 where nothing is missing. */
  get holesMs(): number[] {
    return this.frames.slice(1).map(({ atMs }, index) => atMs - this.frames[index]!.atMs - frameMs);
  }

  /** When the beep begins and ends, by the decoded samples and the time of the first frame. */
  beepMs(): [number, number] {
    const config = readAudioSpecificConfig(madeSound.record);
    const adts = this.frames.map(({ data }) => {
      const framed = new Uint8Array(7 + data.length);
      writeAdtsHeader(framed, 0, config, data.length);
      framed.set(data, 7);
      return framed;
    });
    const args = '-v error -f aac -i pipe:0 -f f32le -ac 1 pipe:1'.split(' ');
    const pcm = execFileSync('ffmpeg', args, { input: Buffer.concat(adts), maxBuffer: 1 << 26 });
    const samples = new Float32Array(Uint8Array.from(pcm).buffer);
    const startMs = this.frames[0]!.atMs;
    const isLoud = (sample: number) => Math.abs(sample) > 0.1;
    return [startMs + samples.findIndex(isLoud) / 48, startMs + samples.findLastIndex(isLoud) / 48];
  }
}
