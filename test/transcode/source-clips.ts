import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVideoTagBody } from '../../src/media/flv/tag.ts';
import { writeVideoConfigBody, writeVideoFrameBody } from '../../src/media/flv/write-tag.ts';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { AccessUnit, VideoConfig } from '../../src/media/track.ts';
import { readClip } from '../media/flv-clip.ts';

/** A broadcast's video: configuration and frames in stream time, in decode order. */
export interface SourceClip {
  readonly config: VideoConfig;
  readonly units: readonly AccessUnit[];
}

/** Encodes once a machine; what ffmpeg made stays in the system's temporary folder. */
export function encoded(name: string, args: string): Buffer {
  const folder = join(tmpdir(), 'streamctl-test-clips');
  const path = join(folder, `${createHash('sha256').update(args).digest('hex').slice(0, 16)}-${name}`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    execFileSync('ffmpeg', [...`-v error -y ${args}`.split(' '), unfinished], { stdio: 'ignore' });
    renameSync(unfinished, path);
  }
  return readFileSync(path);
}

/** A test picture as H.264 encoded with these options of ffmpeg's. */
export function encodedH264(name: string, size: string, seconds: number, fps: number, options: string): SourceClip {
  const source = `-f lavfi -i testsrc2=size=${size}:rate=${fps}:duration=${seconds}`;
  const { video } = readClip(encoded(name, `${source} -c:v libx264 -preset veryfast ${options} -f flv`));
  return { config: video!.config, units: video!.frames.map((frame) => ({ kind: 'video', ...frame })) };
}

function h264Clip(name: string, size: string, seconds: number, fps: number, options: string): SourceClip {
  return encodedH264(name, size, seconds, fps, `-pix_fmt yuv420p -g 9999 -sc_threshold 0 ${options}`);
}

/** 12 s of 720p30 with B-frames and keyframes 1.3 to 3.5 s apart. */
export function irregularClip(): SourceClip {
  const keys = '0,1.3,3.6,5.2,8.1,9.8,11.3';
  return h264Clip('irregular.flv', '1280x720', 12, 30, `-bf 2 -b:v 2500k -force_key_frames ${keys}`);
}

/** 4 s of 360p60 without B-frames, a keyframe every odd number of frames. */
export function fastClip(): SourceClip {
  return h264Clip('fast.flv', '640x360', 4, 60, '-tune zerolatency -b:v 1500k -force_key_frames 0,0.75,1.55,2.85');
}

/** 5 s of another size and rate. */
export function otherClip(): SourceClip {
  return h264Clip('other.flv', '960x540', 5, 25, '-bf 0 -b:v 1500k -force_key_frames 0,2,4');
}

/** 3 s of 360p30 with B-frames and a keyframe a second; `x264` changes the encoding, not the size. */
export function steadyClip(x264 = '-profile:v high'): SourceClip {
  return h264Clip('steady.flv', '640x360', 3, 30, `-bf 2 -b:v 1200k -force_key_frames 1,2 ${x264}`);
}

/** 6 s with a keyframe at the beginning only. */
export function longGopClip(): SourceClip {
  return h264Clip('long-gop.flv', '640x360', 6, 60, '-bf 2 -b:v 1500k');
}

export function hevcClip(): SourceClip {
  const x265 = 'log-level=none:keyint=45:min-keyint=45:open-gop=0:bframes=3:pools=1:frame-threads=1';
  return fragmentedClip('hevc', 'hvcC', `-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params ${x265}`);
}

export function av1Clip(): SourceClip {
  return fragmentedClip('av1', 'av1C', '-c:v libaom-av1 -cpu-used 8 -usage realtime -g 45 -movflags +delay_moov');
}

/** 4 s of 640x360 at 30 frames, as an Enhanced RTMP publisher would send it. */
function fragmentedClip(codec: 'hevc' | 'av1', boxType: string, codecArgs: string): SourceClip {
  const source = '-f lavfi -i testsrc2=size=640x360:rate=30:duration=4 -pix_fmt yuv420p';
  const container = '-movflags +frag_every_frame+empty_moov+default_base_moof -video_track_timescale 15360 -f mp4';
  const file = encoded(`${codec}.mp4`, `${source} ${codecArgs} ${container}`);
  const at = file.indexOf(boxType);
  const record = Uint8Array.from(file.subarray(at + 4, at - 4 + file.readUInt32BE(at - 4)));
  const sent = { kind: 'video', codec, codecString: '', record, widthPixels: 0, heightPixels: 0 } as const;
  const configTag = parseVideoTagBody(writeVideoConfigBody(sent));
  if (configTag.type !== 'config') throw new Error(`read as ${configTag.type}`);
  const units = readFragments(file).map((fragment): AccessUnit => {
    const sample = fragment.samples[0]!;
    const dtsMs = Math.round(fragment.baseDecodeTimeTicks / 15.36);
    const ptsMs = Math.round((fragment.baseDecodeTimeTicks + sample.compositionOffsetTicks) / 15.36);
    const frame = { isSync: false, compositionOffsetMs: ptsMs - dtsMs, data: sample.data };
    const tag = parseVideoTagBody(writeVideoFrameBody(codec, frame), configTag.nalLengthSizeBytes);
    if (tag.type !== 'frame') throw new Error(`read as ${tag.type}`);
    const { isSync, data } = tag;
    return { kind: 'video', dtsMs, compositionOffsetMs: ptsMs - dtsMs, isSync, data };
  });
  return { config: configTag.config, units };
}

export function ptsOf(unit: AccessUnit): number {
  return unit.dtsMs + unit.compositionOffsetMs;
}

/** Presentation times in the order shown. */
export function shownTimes(units: readonly AccessUnit[]): number[] {
  return units.map(ptsOf).sort((a, b) => a - b);
}
