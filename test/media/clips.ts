import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test clip is encoded as. */
export interface ClipOptions {
  readonly fps?: string;
  readonly seconds?: number;
  readonly bFrames?: number;
  readonly gopFrames?: number;
  readonly sampleRateHz?: number;
  readonly channelCount?: number;
  readonly hasVideo?: boolean;
  readonly hasAudio?: boolean;
}

/** A clip of ffmpeg's test sources as FLV bytes: 160x120 H.264 and AAC. */
export function makeFlv(options: ClipOptions = {}): Uint8Array {
  const { fps = '30', seconds = 2, bFrames = 0, gopFrames = 30, sampleRateHz = 48000, channelCount = 2 } = options;
  const { hasVideo = true, hasAudio = true } = options;
  const args = ['-v', 'error', '-y'];
  if (hasVideo) args.push('-f', 'lavfi', '-i', `testsrc2=size=160x120:rate=${fps}:duration=${seconds}`);
  if (hasAudio) args.push('-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${sampleRateHz}:duration=${seconds}`);
  if (hasVideo) {
    args.push('-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-pix_fmt', 'yuv420p', '-bf', `${bFrames}`);
    args.push('-g', `${gopFrames}`, '-keyint_min', `${gopFrames}`, '-sc_threshold', '0', '-b:v', '200k');
  }
  if (hasAudio) args.push('-c:a', 'aac', '-b:a', '64k', '-ar', `${sampleRateHz}`, '-ac', `${channelCount}`);
  args.push('-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1');
  return execFileSync('ffmpeg', args, { maxBuffer: 1 << 26 });
}

/** Runs `use` with a file of these bytes, and removes it. */
export function withFile<Result>(bytes: Uint8Array, name: string, use: (path: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-media-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads a golden vector from test/vectors. */
export function vector(name: string): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../vectors', name));
}
