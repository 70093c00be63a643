import { readFileSync } from 'node:fs';
import { planLadder } from '../../src/transcode/ladder.ts';
import { readClip } from '../media/flv-clip.ts';
import { transcodeClip } from '../transcode/transcoded.ts';
import type { LadderRung } from './transcoded-broadcast.ts';

/** Media time by real time when one ffmpeg with our arguments is fed a clip as fast as it takes it. */
export async function encodingSpeed(clipFile: string, wanted: readonly LadderRung[]): Promise<number> {
  const { video } = readClip(readFileSync(clipFile));
  if (video === undefined) throw new Error(`${clipFile} has no video`);
  const { config, frames } = video;
  const { widthPixels, heightPixels, codec } = config;
  const levels = wanted.map(({ name, height, video_bitrate, fps }) => {
    return { name, heightPixels: height, videoBitrateBps: Number.parseInt(video_bitrate, 10) * 1000, maxFps: fps };
  });
  const source = { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 2.5e6, isPassthrough: true };
  const rungs = planLadder({ source, levels }).rungs.map((rung) => ({ ...rung, firstPtsMs: 10_000 }));
  const units = frames.map((frame) => ({ kind: 'video' as const, ...frame }));
  const beganMs = performance.now();
  await transcodeClip({ config, units }, { feedFormat: 'flv', encoder: 'x264', rungs });
  const mediaMs = units.at(-1)!.dtsMs - units[0]!.dtsMs;
  return Math.round((10 * mediaMs) / (performance.now() - beganMs)) / 10;
}
