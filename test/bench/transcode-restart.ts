import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { defaultRungs } from '../../src/config/ladder.ts';
import { buildTranscodeArgs } from '../../src/transcode/command.ts';
import { createFeed } from '../../src/transcode/feed-writer.ts';
import { FfmpegProcess } from '../../src/transcode/ffmpeg-process.ts';
import { type CachedFrame, GopCache } from '../../src/transcode/gop-cache.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { replayOf } from '../../src/transcode/replay.ts';
import { readClip } from '../media/flv-clip.ts';
import { run } from '../support/child.ts';
import { cpuMsOf } from './encoder-watch.ts';
import { distributionOf } from './percentiles.ts';
import type { Report } from './report.ts';

type Video = NonNullable<ReturnType<typeof readClip>['video']>;

const bFrameCounts = [0, 2, 3];
/** Of a GOP of OBS' default length, 250 frames. */
const keptFrameCounts = [10, 60, 245];
const rounds = 3;
/** Less is the header of an output, not a frame. */
const leastFrameBytes = 400;

/**
 * How long an ffmpeg that takes over needs until its first frame: by the length of what it has to decode again, all of it or only what
 * other frames need. CPU time says it also on a machine that has other things to do.
 */
export async function benchTranscodeRestart(report: Report, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-restart-'));
  const rows: (string | number)[][] = [];
  try {
    for (const bFrames of bFrameCounts) {
      report.progress(`${bFrames} B-frames …`);
      const video = await makeVideo(join(folder, `${bFrames}.flv`), bFrames);
      for (const kept of keptFrameCounts) {
        const cache = new GopCache(100e6);
        for (const frame of video.frames.slice(0, kept)) cache.add({ kind: 'video', ...frame });
        const firstPtsMs = cache.frames.map(({ ptsMs }) => ptsMs).sort((a, b) => a - b)[kept - 6]!;
        const needed = replayOf(cache.frames, firstPtsMs, 'avc');
        for (const [what, replay] of [
          ['all', cache.frames],
          ['needed', needed],
        ] as const) {
          const cpuMs: number[] = [];
          const wallMs: number[] = [];
          for (let round = 0; round < rounds; round++) {
            const one = await untilFirstFrame(video, replay, firstPtsMs, signal);
            cpuMs.push(one.cpuMs);
            wallMs.push(one.wallMs);
          }
          const [cpu, wall] = [cpuMs, wallMs].map((values) => Math.round(distributionOf(values)?.p50 ?? 0));
          const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
          report.line({ b_frames: bFrames, kept, fed: what, frames: replay.length, cpu_ms: cpu, wall_ms: wall, load });
          rows.push([bFrames, kept, what, replay.length, cpu ?? '', wall ?? '', load]);
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report.table([['B-frames', 'kept', 'fed', 'frames', 'CPU ms', 'wall ms', 'load average'], ...rows]);
}

async function makeVideo(file: string, bFrames: number): Promise<Video> {
  const { code, stderr } = await run('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30:duration=9,noise=alls=8:allf=t'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '250', '-keyint_min', '250'],
    ...['-sc_threshold', '0', '-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '2500k', '-bf', String(bFrames), file],
  ]);
  if (code !== 0) throw new Error(stderr);
  return readClip(readFileSync(file)).video!;
}

async function untilFirstFrame(
  { config }: Video,
  replay: readonly CachedFrame[],
  firstPtsMs: number,
  signal: AbortSignal,
): Promise<{ cpuMs: number; wallMs: number }> {
  const { widthPixels, heightPixels, codec } = config;
  const source = { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 5e6, isPassthrough: true };
  const { rungs } = planLadder({ source, levels: defaultRungs });
  const outputs = rungs.map((rung) => ({ ...rung, firstPtsMs: 10_000 + firstPtsMs }));
  const beganMs = performance.now();
  let first: { cpuMs: number; wallMs: number } | undefined;
  const ffmpeg = new FfmpegProcess({
    path: 'ffmpeg',
    args: buildTranscodeArgs({ feedFormat: 'flv', encoder: 'x264', rungs: outputs }),
    outputCount: rungs.length,
    clock: systemClock,
    listener: {
      output: (_index, bytes) => {
        if (bytes.length < leastFrameBytes) return;
        first ??= { cpuMs: cpuMsOf(ffmpeg.pid ?? 0) ?? 0, wallMs: performance.now() - beganMs };
      },
      progressLine: () => {},
      logLine: () => {},
      exited: () => {},
    },
  });
  try {
    const feed = createFeed(config, 30);
    ffmpeg.write(feed.header());
    for (const { dtsMs, ptsMs, isSync, data } of replay) {
      ffmpeg.write(feed.frame({ dtsMs: dtsMs + 10_000, ptsMs: ptsMs + 10_000, isSync, data }));
    }
    while (first === undefined)
      await delay(1, undefined, { signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) });
    return first;
  } finally {
    await ffmpeg.stop();
  }
}
