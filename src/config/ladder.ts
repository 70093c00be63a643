import * as z from 'zod';
import { bitrateBps, count, percentage, text } from './values.ts';

const rung = z
  .strictObject({
    name: text('a rung name').regex(/^[a-z0-9]{1,16}$/, 'a rung name of a-z and 0-9, such as 720p'),
    height: count(64, 4320).describe('Height in pixels; the width follows from the source.'),
    fps: count(1, 120).optional().describe('Frames per second at most; absent: as the source.'),
    video_bitrate: bitrateBps(),
    audio_bitrate: bitrateBps().prefault('128k'),
  })
  .transform((v) => ({
    name: v.name,
    heightPixels: v.height,
    maxFps: v.fps,
    videoBitrateBps: v.video_bitrate,
    audioBitrateBps: v.audio_bitrate,
  }));

/** The section `ladder`: transcoded renditions. */
export const ladder = z
  .strictObject({
    mode: z
      .enum(['auto', 'off', 'on_demand'], { error: 'auto, off or on_demand' })
      .prefault('auto')
      .describe(
        'Transcoded renditions beside the source: as the machine allows, never, or while somebody watches them.',
      ),
    rungs: z
      .array(rung, { error: 'a list of rungs, such as [{ name: 720p, height: 720, video_bitrate: 2800k }]' })
      .prefault([
        { name: '1080p', height: 1080, video_bitrate: '4500k' },
        { name: '720p', height: 720, video_bitrate: '2800k' },
        { name: '480p', height: 480, fps: 30, video_bitrate: '1400k' },
        { name: '360p', height: 360, fps: 30, video_bitrate: '800k' },
      ])
      .describe('The renditions, best first; those above the source are left out.'),
    encoder: z
      .enum(['auto', 'x264', 'nvenc', 'vaapi', 'qsv'], { error: 'auto, x264, nvenc, vaapi or qsv' })
      .prefault('auto')
      .describe('Video encoder.'),
    cpu_budget: percentage().prefault('80%').describe('Share of all cores that encoders may use together.'),
  })
  .transform((v) => ({ mode: v.mode, rungs: v.rungs, encoder: v.encoder, cpuBudgetRatio: v.cpu_budget }));
