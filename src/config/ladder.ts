import * as z from 'zod';
import { bitrateBps, count, percentage, text } from './values.ts';

/** Renditions that are not made here have these names: what the publisher sends, and the sound of all of them. */
const reservedNames = ['source', 'audio'];

const rung = z
  .strictObject({
    name: text('a rung name')
      .regex(/^[a-z0-9]{1,16}$/, 'a rung name of a-z and 0-9, such as 720p')
      .refine(
        (name) => !reservedNames.includes(name),
        'a name other than source and audio, which are those of what the publisher sends, such as 720p',
      ),
    height: count(64, 4320).describe('Height in pixels; the width follows from the source.'),
    fps: count(1, 120).optional().describe('Frames per second at most; absent: as the source, up to 60.'),
    video_bitrate: bitrateBps().describe('At up to 30 frames per second.'),
    high_fps_video_bitrate: bitrateBps()
      .optional()
      .describe('Above 30 frames per second; absent: 1.4 times video_bitrate.'),
    audio_bitrate: bitrateBps()
      .prefault('128k')
      .describe('Of sound that has to be encoded anew: that of the first rung counts, since all share one.'),
  })
  .transform((v) => ({
    name: v.name,
    heightPixels: v.height,
    maxFps: v.fps,
    videoBitrateBps: v.video_bitrate,
    highFpsVideoBitrateBps: v.high_fps_video_bitrate,
    audioBitrateBps: v.audio_bitrate,
  }));

/** Two renditions of one name would have the same addresses. */
function refuseDuplicates(context: z.core.ParsePayload<readonly { readonly name: string }[]>): void {
  const { value: rungs, issues } = context;
  for (const [index, { name }] of rungs.entries()) {
    const first = rungs.findIndex((other) => other.name === name);
    if (first === index) continue;
    const message = `a name that no other rung has: ladder.rungs.${first} is called so too`;
    issues.push({ code: 'custom', input: rungs, path: [index, 'name'], message });
  }
}

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
      .check(refuseDuplicates)
      .prefault([
        { name: '1080p', height: 1080, video_bitrate: '4500k', high_fps_video_bitrate: '6000k' },
        { name: '720p', height: 720, video_bitrate: '2800k', high_fps_video_bitrate: '4000k' },
        { name: '480p', height: 480, fps: 30, video_bitrate: '1400k' },
        { name: '360p', height: 360, fps: 30, video_bitrate: '800k' },
      ])
      .describe('The renditions, best first; those above the source are left out.'),
    encoder: z
      .enum(['auto', 'x264', 'nvenc', 'vaapi', 'qsv'], {
        error: 'auto (which tries all there are, v4l2m2m too), x264, nvenc, vaapi or qsv',
      })
      .prefault('auto')
      .describe('Video encoder; auto: the first that works of nvenc, qsv, vaapi, v4l2m2m and x264.'),
    ffmpeg: text('the path of ffmpeg').prefault('').describe('Path of ffmpeg. Empty: the first in PATH.'),
    cpu_budget: percentage().prefault('80%').describe('Share of all cores that encoders may use together.'),
  })
  .transform((v) => ({
    mode: v.mode,
    rungs: v.rungs,
    encoder: v.encoder,
    ffmpegPath: v.ffmpeg,
    cpuBudgetRatio: v.cpu_budget,
  }));

/** What is offered unless the operator says otherwise, best first. */
export const defaultRungs = ladder.parse({}).rungs;
