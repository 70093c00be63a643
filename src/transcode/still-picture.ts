import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { createFeed } from './feed-writer.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { thumbnailSize } from './ladder.ts';
import { firstComplaint, runFfmpeg } from './run-ffmpeg.ts';

/** A keyframe to be drawn, its bytes nobody else's. */
export interface StillSource {
  readonly config: VideoConfig;
  readonly keyframe: Pick<AccessUnit, 'data'>;
}

const timeoutMs = 5000;
/** Behind everything else on the machine. */
const niceness = 19;
/** Whatever is larger is no thumbnail. */
export const maxThumbnailBytes = 256 << 10;

/** A JPEG of one keyframe, by an ffmpeg of its own (0.1 s of CPU time); or why there is none. Never throws. */
export async function drawStill(
  ffmpeg: Ffmpeg,
  { config, keyframe }: StillSource,
  options: { readonly shortSidePixels: number; readonly signal: AbortSignal },
): Promise<{ readonly jpeg: Uint8Array } | { readonly why: string }> {
  const { signal, shortSidePixels } = options;
  const feed = createFeed(config, 30);
  const frame = feed.frame({ dtsMs: 0, ptsMs: 0, isSync: true, data: keyframe.data });
  const input = Buffer.concat([feed.header(), frame]);
  const args = stillArguments(feed.format, thumbnailSize(config, shortSidePixels));
  const run = await runFfmpeg(ffmpeg.path, args, { timeoutMs, signal, input, niceness });
  const { stdout: jpeg } = run;
  const isJpeg = jpeg.length <= maxThumbnailBytes && jpeg[0] === 0xff && jpeg[1] === 0xd8;
  // A copy of its own size: the process' output may be a view on more.
  return isJpeg ? { jpeg: new Uint8Array(jpeg) } : { why: firstComplaint(run) };
}

function stillArguments(
  format: 'flv' | 'mp4',
  { widthPixels, heightPixels }: { readonly widthPixels: number; readonly heightPixels: number },
): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'error', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', format, '-i', 'pipe:0', '-frames:v', '1', '-vf', `scale=${widthPixels}:${heightPixels},setsar=1`],
    ...['-an', '-c:v', 'mjpeg', '-q:v', '5', '-pix_fmt', 'yuvj420p', '-threads', '1', '-f', 'image2pipe', 'pipe:1'],
  ];
}
