import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { BroadcastRig, percentile } from '../transcode/broadcast-rig.ts';
import { irregularClip, ptsOf } from '../transcode/source-clips.ts';

/*
 * A minute of 720p30 with B-frames and irregular keyframes through the real ffmpeg in real time, which is killed at 20.5 s and
 * stopped at 41.3 s: node test/bench/transcode-proof.ts [--undisturbed]
 * Says how far the rungs are behind, what the faults cost, and whether all renditions can be cut at the same frames.
 */
const rounds = 5;
const isDisturbed = !process.argv.includes('--undisturbed');
const faults: { atMs: number; signal: NodeJS.Signals }[] = isDisturbed
  ? [
      { atMs: 20_500, signal: 'SIGKILL' },
      { atMs: 41_300, signal: 'SIGSTOP' },
    ]
  : [];

const clip = irregularClip();
const rig = new BroadcastRig();
rig.want(clip, 30);
const cpuSeconds = new Map<number, number>();
const faultAtMs: number[] = [];
const beganMs = performance.now();
const cpuBefore = process.cpuUsage();
const sampler = setInterval(noteCpu, 200);
for (let round = 0; round < rounds; round++) {
  await rig.play(clip, { onTime: disturb });
}
await rig.finish();
clearInterval(sampler);
report();

function disturb(): void {
  const [next] = faults;
  const { pid } = rig.supervisor;
  if (next === undefined || pid === undefined || performance.now() - beganMs < next.atMs) return;
  faults.shift();
  faultAtMs.push(performance.now());
  noteCpu();
  process.kill(pid, next.signal);
}

/** utime and stime of /proc/PID/stat, in hundredths of a second. */
function noteCpu(): void {
  const { pid } = rig.supervisor;
  if (pid === undefined) return;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    cpuSeconds.set(pid, (Number(fields[11]) + Number(fields[12])) / 100);
  } catch {
    // it has just ended
  }
}

/** The packager's rule: a segment ends at the first keyframe two seconds after it began. */
function segments(frames: readonly { ptsMs: number; isSync: boolean }[], cuts?: readonly number[]): string[] {
  const starts: { ptsMs: number; frames: number }[] = [];
  for (const { ptsMs, isSync } of [...frames].sort((a, b) => a.ptsMs - b.ptsMs)) {
    const last = starts.at(-1);
    const isCut =
      cuts === undefined
        ? isSync && (last === undefined || ptsMs >= last.ptsMs + 2000)
        : isSync && cuts.includes(ptsMs);
    if (isCut) starts.push({ ptsMs, frames: 1 });
    else if (last !== undefined) last.frames++;
  }
  return starts.map((segment) => `${segment.ptsMs.toFixed(3)},${segment.frames}`);
}

function report(): void {
  const mediaSeconds = (rounds * 12_000) / 1000;
  const source = segments(rig.source.map((unit) => ({ ptsMs: ptsOf(unit), isSync: unit.isSync })));
  const cuts = source
    .map((line) => Number(line.split(',')[0]))
    .map((at) => rig.source.map(ptsOf).find((ptsMs) => Math.abs(ptsMs - at) < 0.01)!);
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores; ${rig.source.length} frames, ${source.length} segments`);
  for (const [rung, frames] of rig.frames) {
    const own = segments(frames, cuts);
    const equal = own.filter((line, index) => line === source[index]).length;
    const lags = rig.lags(rung, 2000);
    console.log(
      `${rung}: ${frames.length} frames, ${rig.missing(rung).length} missing, ${rig.missingKeys(rung).length} keyframes missing, ` +
        `${equal} of ${source.length} segments equal; lag p50 ${percentile(lags, 0.5).toFixed(0)} ms, ` +
        `p95 ${percentile(lags, 0.95).toFixed(0)} ms, p99 ${percentile(lags, 0.99).toFixed(0)} ms; longest silence ${rig.longestSilenceMs(rung).toFixed(0)} ms`,
    );
  }
  for (const [index, atMs] of faultAtMs.entries()) {
    const next = Math.min(
      ...[...rig.frames.values()].map((frames) => frames.find((frame) => frame.atMs > atMs + 20)?.atMs ?? Number.NaN),
    );
    console.log(`fault ${index + 1}: frames again after ${(next - atMs).toFixed(0)} ms`);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const ffmpegSeconds = [...cpuSeconds.values()].reduce((sum, seconds) => sum + seconds, 0);
  console.log(
    `CPU per second of media: ffmpeg ${(ffmpegSeconds / mediaSeconds).toFixed(3)}, node ${((user + system) / 1e6 / mediaSeconds).toFixed(3)}`,
  );
  console.log(rig.notices, rig.supervisor.stats());
}
