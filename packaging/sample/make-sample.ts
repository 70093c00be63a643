import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes `sample.flv`, the clip that `streamctl demo` publishes in a loop: 8 s of 1280x720 at 30 fps with a keyframe every
 * 2 s, a sweeping hand and a counter, a soft bell each second. Needs ffmpeg with libx264 and the DejaVu fonts.
 *
 * 8 s are 240 frames and exactly 375 AAC frames of 48 kHz, so the end meets the beginning without a gap in either track.
 * Picture and sound are periodic in 8 s; the sound is cut from the middle of three rounds, so that the decoder's overlap
 * between AAC frames fits across the seam too.
 */
const loopSeconds = 8;
const framesPerSecond = 30;
const font = '/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf';

/** A slow swing to and fro, back where it began after one loop. */
const swing = (radians: number) => `${radians}*sin(2*PI*T/${loopSeconds})`;
const background = [
  `lum='48+22*sin(X/52+${swing(0.9)})+18*sin(Y/37-${swing(0.6)})+14*sin((X+Y)/61)'`,
  `cb='150+22*sin(X/83-${swing(0.7)})+10*sin(Y/47)'`,
  `cr='122+20*sin(Y/59+${swing(0.7)})+14*sin(X/71)'`,
].join(':');

/** How far the hand has turned at a pixel: 0 at twelve o'clock to 1, clockwise. */
const angle = 'mod(atan2(X-W/2,H/2-Y)/(2*PI)+1,1)';
const ring = `between(hypot(X-W/2,Y-H/2),150,168)*255*if(lte(${angle},mod(T,2)/2),1,0.18)`;

const video = [
  `color=black:size=320x180:rate=${framesPerSecond}:duration=${loopSeconds},format=yuv444p,geq=${background}`,
  'scale=1280:720:flags=bicubic,format=yuv420p[back]',
].join(',');
const hand = [
  `color=white:size=400x400:rate=${framesPerSecond}:duration=${loopSeconds},format=yuva420p`,
  `geq=lum=255:cb=128:cr=128:a='${ring}'[hand]`,
].join(',');
const text = (value: string, sizePixels: number, y: string, alpha = 1) =>
  `drawtext=fontfile=${font}:text='${value}':fontsize=${sizePixels}:fontcolor=white@${alpha}:x=(w-text_w)/2:y=${y}`;
const picture = [
  '[back][hand]overlay=(W-w)/2:(H-h)/2',
  text('%{eif\\:floor(t+0.001)\\:d\\:2}', 150, '(h-text_h)/2-14'),
  text(`%{eif\\:mod(n,${framesPerSecond})\\:d\\:2}`, 34, '(h/2)+72', 0.8),
  text('streamctl', 46, '64', 0.9),
  text('live sample, 720p30, a bell each second', 26, 'h-92', 0.7),
  // The flash that belongs to the bell: picture and sound can be compared by eye and ear.
  "drawbox=x=(iw/2)-230:y=ih-40:w=460:h=6:color=white@0.9:t=fill:enable='lt(mod(t+0.001,1),0.1)'",
].join(',');

const chord = [220, 277.125, 329.625].map((hertz) => `0.02*sin(2*PI*${hertz}*t)*(1+0.4*sin(2*PI*t/8))`).join('+');
const bell = 'if(lt(mod(floor(t),2),1),880,660)';
const sound = `aevalsrc='${chord}+0.12*sin(2*PI*${bell}*mod(t,1))*exp(-7*mod(t,1))':s=48000:d=${3 * loopSeconds}`;

function ffmpeg(args: readonly string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-nostdin', '-hide_banner', '-loglevel', 'error', '-y', ...args]);
  if (status !== 0) throw new Error(`ffmpeg failed: ${stderr}`);
}

const folder = mkdtempSync(join(tmpdir(), 'streamctl-sample-'));
try {
  const target = join(import.meta.dirname, 'sample.flv');
  const videoFile = join(folder, 'video.mp4');
  const audioFile = join(folder, 'audio.mp4');
  const gop = String(2 * framesPerSecond);
  // biome-ignore format: one option a line says less than one idea a line
  ffmpeg([
    '-filter_complex', `${video};${hand};${picture}`, '-frames:v', String(loopSeconds * framesPerSecond),
    '-c:v', 'libx264', '-preset', 'slow', '-profile:v', 'high', '-level', '3.1', '-refs', '3', '-crf', '29', '-maxrate', '600k', '-bufsize', '600k', '-bf', '2',
    '-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-flags', '+cgop', '-pix_fmt', 'yuv420p', '-threads', '1', '-fflags', '+bitexact', '-flags:v', '+bitexact', videoFile,
  ]);
  ffmpeg(['-f', 'lavfi', '-i', sound, '-ac', '2', '-c:a', 'aac', '-b:a', '64k', audioFile]);
  // biome-ignore format: see above
  ffmpeg([
    '-i', videoFile, '-ss', String(loopSeconds), '-i', audioFile, '-map', '0:v', '-map', '1:a', '-c', 'copy',
    '-frames:a', String((loopSeconds * 48_000) / 1024), '-flvflags', 'no_sequence_end', '-fflags', '+bitexact', target,
  ]);
  process.stdout.write(`${target}: ${statSync(target).size} bytes\n`);
} finally {
  rmSync(folder, { recursive: true });
}
