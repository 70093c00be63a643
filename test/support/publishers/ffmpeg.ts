import { Child } from '../child.ts';
import { defaultPicture, type Picture, type Publisher, publisherOf, type Target } from './publisher.ts';

/** Encodes ffmpeg's test picture and a tone, live, for at most `seconds`. */
export function publishTestPicture(target: Target, seconds: number, picture: Partial<Picture> = {}): Publisher {
  const { width, height, fps, keyframeSeconds, videoKbps } = { ...defaultPicture, ...picture };
  const args = [
    ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${fps}`],
    ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
    ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ['-g', `${fps * keyframeSeconds}`, '-keyint_min', `${fps * keyframeSeconds}`, '-sc_threshold', '0'],
    ['-b:v', `${videoKbps}k`, '-maxrate', `${videoKbps}k`, '-bufsize', `${videoKbps}k`],
    ['-c:a', 'aac', '-b:a', '96k', '-ac', '2', '-t', `${seconds}`],
  ].flat();
  return sendFlv(args, target);
}

/** Sends a file's frames untouched, at their own pace (`pace: 'live'`) or as fast as the server takes them. */
export function publishClip(target: Target, file: string, pace: 'live' | 'fast' = 'live'): Publisher {
  return sendFlv([...(pace === 'live' ? ['-re'] : []), '-i', file, '-c', 'copy'], target);
}

function sendFlv(args: readonly string[], { url, key }: Target): Publisher {
  const common = ['-hide_banner', '-nostdin', '-loglevel', 'warning'];
  return publisherOf(new Child('ffmpeg', [...common, ...args, '-f', 'flv', `${url}/${key}`]));
}
