import { FlvReader } from '../media/flv/file.ts';
import { parseVideoTagBody } from '../media/flv/tag.ts';
import {
  deviceOptions,
  type EncodedRung,
  type EncoderName,
  encoderCodecs,
  encoderOptions,
  uploadFilters,
} from './encoder-options.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { avcCodecString } from './h264-level.ts';
import { type FfmpegRun, firstComplaint, runFfmpeg } from './run-ffmpeg.ts';

/** What became of trying an encoder on this machine. */
export interface EncoderTrial {
  readonly encoder: EncoderName;
  readonly isUsable: boolean;
  /** For a person, where it is not usable. */
  readonly why?: string;
  readonly tookMs: number;
}

export interface ChosenEncoder {
  /** Undefined: none works, and there is no ladder. */
  readonly encoder: EncoderName | undefined;
  /** In the order tried. */
  readonly trials: readonly EncoderTrial[];
}

/** Hardware first; software always works, and costs. */
const automaticOrder: readonly EncoderName[] = ['nvenc', 'qsv', 'vaapi', 'v4l2m2m', 'x264'];

const trialTimeoutMs = 10_000;
const trialFrames = 30;
const forcedKeyframe = 10;
/** A rung as it is really made. */
const trialRung: EncodedRung = {
  widthPixels: 640,
  heightPixels: 360,
  fps: 30,
  bitrateBps: 800_000,
  maxrateBps: 800_000,
  bufsizeBits: 800_000,
  profile: 'main',
  levelIdc: 30,
  encoderThreads: 1,
};

/**
 * The encoder to use: the first of the automatic order that works on this machine, or the one asked for and, when that does not
 * work, x264 in its place.
 */
export async function chooseEncoder(
  ffmpeg: Ffmpeg,
  asked: EncoderName | 'auto',
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<ChosenEncoder> {
  const order: readonly EncoderName[] = asked === 'auto' ? automaticOrder : [...new Set<EncoderName>([asked, 'x264'])];
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  // All at once: devices that are not there only take time to be loaded.
  const underWay = order.map((encoder) => tryEncoder(ffmpeg, encoder, { ...options, signal }));
  const trials: EncoderTrial[] = [];
  for (const trialUnderWay of underWay) {
    const trial = await trialUnderWay;
    trials.push(trial);
    if (!trial.isUsable) continue;
    enough.abort();
    return { encoder: trial.encoder, trials };
  }
  return { encoder: undefined, trials };
}

/**
 * Encodes with the encoder, because listing says nothing: builds list devices that are not there. Two frames first, which fail at
 * once where there is no device; then 30 with the arguments of a real rung, which must come back whole, in the profile that is
 * promised to players, and with a keyframe that players can begin at where one was forced.
 */
export async function tryEncoder(
  ffmpeg: Ffmpeg,
  encoder: EncoderName,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
): Promise<EncoderTrial> {
  const { signal, timeoutMs = trialTimeoutMs } = options;
  const first = await runFfmpeg(ffmpeg.path, quickTrialArgs(encoder), { timeoutMs, signal });
  if (first.code !== 0) return failed(encoder, reasonOf(first, timeoutMs), first.tookMs);
  const second = await runFfmpeg(ffmpeg.path, realTrialArgs(encoder, ffmpeg), { timeoutMs, signal });
  const tookMs = first.tookMs + second.tookMs;
  const why = second.code === 0 ? faultOf(second.stdout) : reasonOf(second, timeoutMs);
  return why === undefined ? { encoder, isUsable: true, tookMs } : failed(encoder, why, tookMs);
}

function failed(encoder: EncoderName, why: string, tookMs: number): EncoderTrial {
  return { encoder, isUsable: false, why, tookMs };
}

function reasonOf(run: FfmpegRun, timeoutMs: number): string {
  return run.tookMs >= timeoutMs ? `it did not finish within ${timeoutMs / 1000} s` : firstComplaint(run);
}

function quickTrialArgs(encoder: EncoderName): string[] {
  const filters = [...uploadFilters(encoder), 'null'].join(',');
  return [
    ...['-nostdin', '-v', 'error', ...deviceOptions(encoder), '-f', 'lavfi', '-i', 'color=black:s=256x144:r=30'],
    ...['-vf', filters, '-frames:v', '2', '-c:v', encoderCodecs[encoder], '-f', 'null', '-'],
  ];
}

function realTrialArgs(encoder: EncoderName, ffmpeg: Ffmpeg): string[] {
  const { widthPixels, heightPixels } = trialRung;
  const filters = [`scale=${widthPixels}:${heightPixels}:flags=fast_bilinear`, 'setsar=1', ...uploadFilters(encoder)];
  return [
    ...['-nostdin', '-v', 'error', ...deviceOptions(encoder), '-f', 'lavfi', '-i', 'testsrc2=s=854x480:r=30'],
    ...['-vf', filters.join(','), '-frames:v', String(trialFrames), '-c:v', encoderCodecs[encoder]],
    ...encoderOptions(encoder, trialRung),
    ...['-force_key_frames', `expr:eq(n,${forcedKeyframe})`, ffmpeg.isBefore51 ? '-vsync' : '-fps_mode', 'passthrough'],
    ...['-enc_time_base', '1/1000', '-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
  ];
}

/** What is wrong with the frames of a trial. */
function faultOf(flv: Uint8Array): string | undefined {
  const promised = avcCodecString(trialRung.profile, trialRung.levelIdc);
  const keyframes: number[] = [];
  let frames = 0;
  let codecString: string | undefined;
  let nalLengthSizeBytes = 4;
  const reader = new FlvReader();
  reader.push(flv);
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) {
    if (tag.type !== 'video') continue;
    const video = parseVideoTagBody(tag.body, nalLengthSizeBytes);
    if (video.type === 'config')
      ({ nalLengthSizeBytes, codecString } = { ...video, codecString: video.config.codecString });
    if (video.type !== 'frame') continue;
    if (video.isSync) keyframes.push(frames);
    if (video.compositionOffsetMs !== 0) return 'it reorders frames although it was told not to';
    frames++;
  }
  if (frames !== trialFrames) return `it gave ${frames} frames for ${trialFrames}`;
  if (!isSameProfile(codecString, promised)) return `it made ${codecString} where ${promised} was asked for`;
  if (keyframes.join() !== `0,${forcedKeyframe}`)
    return `it put keyframes at ${keyframes.join(', ')}, not where they were forced`;
  return undefined;
}

/** The constraint flags are the encoder's to set: those of the profile and level decide what can play it. */
function isSameProfile(found: string | undefined, promised: string): boolean {
  const parts = (text: string) => `${text.slice(5, 7)} ${text.slice(9)}`;
  return found !== undefined && parts(found) === parts(promised);
}
