import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultRungs } from '../../src/config/ladder.ts';
import { encoderOptions } from '../../src/transcode/encoder-options.ts';
import { type PlannedRung, planLadder } from '../../src/transcode/ladder.ts';
import { run } from '../support/child.ts';
import type { Report } from './report.ts';
import { thousandths } from './transcoded-broadcast.ts';

const seconds = 4;
/** By ffmpeg's own generators: there is no other picture on every machine. Both move all over, as sport does; talking heads are easier. */
const pictures = {
  'test picture with noise': `testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t`,
  'zoom into a fractal': `mandelbrot=size=1280x720:rate=30:end_scale=0.02:end_pts=${seconds * 30}`,
};
const x264Presets = ['superfast', 'veryfast', 'faster'] as const;
const bitrateShares = [0.7, 1] as const;

interface Encoded {
  readonly bitrateBps: number;
  readonly ssim: number;
  readonly psnrDb: number;
  readonly cpuSeconds: number;
}

/**
 * What the encoder's flags are worth: each rung of the default ladder at its own and at 0.7 of its bit rate, with the preset that is
 * shipped and with slower ones, all else equal. Similarity is to the scaled picture before it was encoded. (Debian's ffmpeg has no VMAF.)
 */
export async function benchTranscodeQuality(report: Report, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'streamctl-quality-'));
  const rows: (string | number)[][] = [];
  try {
    for (const [picture, source] of Object.entries(pictures)) {
      for (const rung of rungs()) {
        report.progress(`${picture}, ${rung.name} …`);
        const reference = join(folder, 'reference.mkv');
        await makeReference(source, rung, reference);
        for (const share of bitrateShares) {
          for (const preset of x264Presets) {
            signal.throwIfAborted();
            const bitrateBps = Math.round(rung.bitrateBps * share);
            const encoded = await encode(reference, withBitrate(rung, bitrateBps), preset, join(folder, 'encoded.mkv'));
            report.line({ picture, rung: rung.name, target_bps: bitrateBps, preset, ...encoded });
            rows.push([
              ...[picture, rung.name, Math.round(bitrateBps / 1000), preset, Math.round(encoded.bitrateBps / 1000)],
              ...[encoded.ssim.toFixed(4), encoded.psnrDb.toFixed(2), thousandths(encoded.cpuSeconds / seconds)],
            ]);
          }
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report.table([['picture', 'rung', 'kbit/s', 'preset', 'sent', 'SSIM', 'PSNR dB', 'cores'], ...rows]);
}

/** 720p, 480p and 360p, as they are planned of a larger source. */
function rungs(): readonly PlannedRung[] {
  const source = { widthPixels: 1920, heightPixels: 1080, codec: 'avc', fps: 30, bitrateBps: 6e6 } as const;
  return planLadder({ source: { ...source, isPassthrough: true }, levels: defaultRungs }).rungs;
}

function withBitrate(rung: PlannedRung, bitrateBps: number): PlannedRung {
  return { ...rung, bitrateBps, maxrateBps: bitrateBps, bufsizeBits: bitrateBps };
}

/** The picture as the rung's scaler makes it, without loss. */
async function makeReference(source: string, { widthPixels, heightPixels }: PlannedRung, file: string): Promise<void> {
  const scale = `scale=${widthPixels}:${heightPixels}:flags=fast_bilinear,format=yuv420p`;
  await ffmpeg(['-y', '-f', 'lavfi', '-i', `${source},${scale}`, '-t', String(seconds), '-c:v', 'ffv1', file]);
}

async function encode(reference: string, rung: PlannedRung, preset: string, file: string): Promise<Encoded> {
  const options = encoderOptions('x264', rung).map((option) => (option === 'superfast' ? preset : option));
  const keyframes = ['-force_key_frames', 'expr:gte(t,n_forced*2)'];
  const encoding = await ffmpeg([
    '-benchmark',
    '-y',
    '-i',
    reference,
    '-c:v',
    'libx264',
    ...options,
    ...keyframes,
    file,
  ]);
  const decoding = await ffmpeg(['-benchmark', '-i', reference, '-f', 'null', '-']);
  const compared = await ffmpeg([
    ...['-i', file, '-i', reference, '-lavfi'],
    '[0:v]split[a][b];[1:v]split[c][d];[a][c]ssim[e];[b][d]psnr[f]',
    ...['-map', '[e]', '-map', '[f]', '-f', 'null', '-'],
  ]);
  const sizes = await ffmpeg(['-i', file, '-c', 'copy', '-f', 'null', '-']);
  return {
    bitrateBps: Math.round((Number(/video:(\d+)kB/.exec(sizes)?.[1]) * 1024 * 8) / seconds),
    ssim: Number(/SSIM .*All:([\d.]+)/.exec(compared)?.[1]),
    psnrDb: Number(/PSNR .*average:([\d.]+)/.exec(compared)?.[1]),
    cpuSeconds: cpuSecondsOf(encoding) - cpuSecondsOf(decoding),
  };
}

function cpuSecondsOf(said: string): number {
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(said) ?? [];
  return Number(user) + Number(system);
}

/** What it says on stderr. Throws when it fails. */
async function ffmpeg(args: readonly string[]): Promise<string> {
  const { code, stderr } = await run('ffmpeg', ['-hide_banner', '-nostdin', '-nostats', ...args], {
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`ffmpeg ${args.join(' ')}:\n${stderr.slice(-1000)}`);
  return stderr;
}
