import { join } from 'node:path';
import { run } from './child.ts';
import { defaultPicture, type Picture } from './publishers/publisher.ts';

export interface Clip {
  readonly name: string;
  /** As ffmpeg takes it: `25`, `30000/1001`. */
  readonly rate: string;
  readonly bFrames: number;
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
}

/** What encoders send, between them: every common frame rate, B-frames or none, both audio rates, mono and stereo. */
export const clips: readonly Clip[] = [
  { name: 'film24', rate: '24', bFrames: 2, sampleRateHz: 44_100, channels: 2 },
  { name: 'pal25', rate: '25', bFrames: 0, sampleRateHz: 48_000, channels: 1 },
  { name: 'ntsc30', rate: '30000/1001', bFrames: 3, sampleRateHz: 48_000, channels: 2 },
  { name: 'web30', rate: '30', bFrames: 0, sampleRateHz: 44_100, channels: 1 },
  { name: 'pal50', rate: '50', bFrames: 2, sampleRateHz: 48_000, channels: 2 },
  { name: 'game60', rate: '60', bFrames: 0, sampleRateHz: 48_000, channels: 2 },
];

/** Encodes a clip of `seconds` into `folder` as FLV; gives the file. */
export async function makeClip(clip: Clip, folder: string, seconds: number): Promise<string> {
  const file = join(folder, `${clip.name}.flv`);
  const [numerator = 0, denominator = 1] = clip.rate.split('/').map(Number);
  const gop = Math.round((2 * numerator) / denominator);
  const { code, stderr } = await run('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${clip.rate}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:sample_rate=${clip.sampleRateHz}`, '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-bf', String(clip.bFrames)],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-b:a', '96k', '-ac', String(clip.channels), file],
  ]);
  if (code !== 0) throw new Error(`ffmpeg could not make ${file}: ${stderr}`);
  return file;
}

/** Encodes `seconds` of a moving test picture and a tone once, so that sending it live costs next to nothing. */
export async function makeLiveClip(folder: string, picture: Partial<Picture>, seconds: number): Promise<string> {
  const { width, height, fps, keyframeSeconds, videoKbps } = { ...defaultPicture, ...picture };
  const file = join(folder, `live-${height}p.flv`);
  const { code, stderr } = await run('ffmpeg', [
    ...[
      '-hide_banner',
      '-loglevel',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      `testsrc2=size=${width}x${height}:rate=${fps}`,
    ],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000', '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...[
      '-g',
      String(fps * keyframeSeconds),
      '-sc_threshold',
      '0',
      '-b:v',
      `${videoKbps}k`,
      '-maxrate',
      `${videoKbps}k`,
    ],
    ...['-bufsize', `${videoKbps}k`, '-c:a', 'aac', '-b:a', '96k', '-ac', '2', file],
  ]);
  if (code !== 0) throw new Error(`ffmpeg could not make ${file}: ${stderr}`);
  return file;
}

/** Encodes `seconds` of what fills a ladder once: 720p30 with B-frames, and noise that makes every bit rate be used. */
export async function makeLadderClip(folder: string, seconds: number): Promise<string> {
  const file = join(folder, 'ladder.flv');
  const { code, stderr } = await run('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000', '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-pix_fmt', 'yuv420p', '-g', '60', '-keyint_min', '60'],
    ...['-sc_threshold', '0', '-b:v', '3000k', '-maxrate', '3000k', '-bufsize', '1500k'],
    ...['-c:a', 'aac', '-b:a', '96k', '-ac', '2', file],
  ]);
  if (code !== 0) throw new Error(`ffmpeg could not make ${file}: ${stderr}`);
  return file;
}
