import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A 360p30 clip of 450 kbit/s, 16 s, keyframe every 2 s, without audio: one rendition is all there is to watch, so a viewer is one
 * playlist and its media with any server. Made once by ffmpeg and kept in the user's cache.
 */
export async function smallClip(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'streamctl-bench');
  const file = join(folder, '360p30-450k-video-v1.flv');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${file}.${process.pid}.flv`;
  // biome-ignore format: one option a line says less than one idea a line
  await promisify(execFile)('ffmpeg', [
    '-nostdin', '-hide_banner', '-loglevel', 'error', '-y',
    '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=16,noise=alls=8:allf=t',
    '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p',
    '-b:v', '450k', '-minrate', '450k', '-maxrate', '450k', '-bufsize', '450k', '-x264-params', 'nal-hrd=cbr:force-cfr=1',
    '-bf', '2', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0', '-flags', '+cgop', '-flvflags', 'no_sequence_end', unfinished,
  ]);
  renameSync(unfinished, file);
  return file;
}
