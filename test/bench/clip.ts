import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A 720p30 clip of 2.5 Mbit/s, 16 s, keyframe every 2 s, B-frames, AAC: what OBS sends at its defaults for 720p, with OBS' keyframe
 * interval set. Made once by ffmpeg and kept in the user's cache. 16 s are whole numbers of video and AAC frames, so it loops cleanly.
 */
export function benchClip(): Promise<string> {
  return keptClip('720p30-2500k-v2.flv', ['-g', '60', '-keyint_min', '60']);
}

/** The same with GOPs of 1.0 to 2.9 s, as encoders send that place keyframes at changes of scene. */
export function irregularBenchClip(): Promise<string> {
  const keyframes = '0,2.9,4.2,5.6,7.1,8.3,9.9,10.9,13.2,14.6';
  return keptClip('720p30-2500k-irregular-v1.flv', ['-g', '9999', '-force_key_frames', keyframes]);
}

/** As long, in 1080p60 of 6 Mbit/s: its ladder takes most of a core. */
export function demandingBenchClip(): Promise<string> {
  return keptClip('1080p60-6000k-v1.flv', ['-g', '120'], { size: '1920x1080', fps: 60, videoBitrate: '5870k' });
}

interface Picture {
  readonly size: string;
  readonly fps: number;
  readonly videoBitrate: string;
}

const picture720p: Picture = { size: '1280x720', fps: 30, videoBitrate: '2370k' };

async function keptClip(
  name: string,
  keyframeArgs: readonly string[],
  { size, fps, videoBitrate }: Picture = picture720p,
): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'streamctl-bench');
  const file = join(folder, name);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}.flv`;
  // biome-ignore format: one option a line says less than one idea a line
  await promisify(execFile)('ffmpeg', [
    '-nostdin', '-hide_banner', '-loglevel', 'error', '-y',
    '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}:duration=16,noise=alls=8:allf=t`, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=17',
    '-frames:a', '750', '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p',
    '-b:v', videoBitrate, '-minrate', videoBitrate, '-maxrate', videoBitrate, '-bufsize', videoBitrate, '-x264-params', 'nal-hrd=cbr:force-cfr=1',
    '-bf', '2', ...keyframeArgs, '-sc_threshold', '0', '-flags', '+cgop',
    '-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-flvflags', 'no_sequence_end', unfinished,
  ]);
  renameSync(unfinished, file);
  return file;
}
