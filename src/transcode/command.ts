import ffmpeg from 'fluent-ffmpeg';
import { deviceOptions, type EncoderName, encoderCodecs, encoderOptions, uploadFilters } from './encoder-options.ts';
import { gridRoundingMs, type KeyframeGrid } from './keyframe-grid.ts';
import type { PlannedRung } from './ladder.ts';

/** Times are those of the session: what the feed writes into its timestamps. */
export interface TranscodeSpec {
  /** What comes on stdin. */
  readonly feedFormat: 'flv' | 'mp4';
  /** Frames may be woven of two fields. */
  readonly isInterlaced?: boolean;
  readonly encoder: EncoderName;
  /** Read back from descriptors 3, 4, … in this order. */
  readonly rungs: readonly RungOutput[];
  /** Keyframes on a grid instead of where the source has them. */
  readonly keyframeGrid?: KeyframeGrid | undefined;
  /** A JPEG of every keyframe, from the descriptor behind those of the rungs. */
  readonly thumbnail?: { readonly widthPixels: number; readonly heightPixels: number } | undefined;
  /** Before 5.1 ffmpeg called an option otherwise. */
  readonly isBefore51?: boolean | undefined;
}

export interface RungOutput extends PlannedRung {
  /** PTS of the first frame that is wanted: decoding may have to begin before it. */
  readonly firstPtsMs: number;
}

/** The first descriptor that a rung is read from; 0 to 2 are feed, progress and log. */
const firstRungDescriptor = 3;

const prefix = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'level+warning', '-nostats'],
  ...['-progress', 'pipe:1', '-stats_period', '1'],
];

/**
 * Probing as short as it can be, for the first frames to come out at once. Not `-fflags nobuffer`: it throws the first GOP away.
 * Frame threads of the decoder would hold frames back.
 */
const inputOptions = [
  ...['-copyts', '-flags', 'low_delay', '-probesize', '32k', '-fpsprobesize', '0', '-analyzeduration', '0'],
  ...['-threads', '1', '-protocol_whitelist', 'pipe'],
];

/** Frames as they come, at the times they have: any rate conversion loses keyframes, any other time base moves them. */
const timingOptions = ['-enc_time_base', '1/1000'];

/** One frame for each, once for all rungs, in front of any scaler. The filter halves the time base, which `trim` counts in. */
const deinterlace = 'yadif=mode=send_frame:deint=interlaced,settb=1/1000,';

/**
 * The arguments of the one ffmpeg of a broadcast: the feed on stdin is decoded once and encoded into all rungs. They consist of
 * numbers and of words from our tables; nothing that a publisher or a viewer sent can get among them.
 */
export function buildTranscodeArgs(spec: TranscodeSpec): string[] {
  const command = ffmpeg()
    .input('pipe:0')
    .inputFormat(spec.feedFormat)
    .inputOptions(...inputOptions);
  command.complexFilter(filterGraph(spec));
  const frameRateMode = [spec.isBefore51 ? '-vsync' : '-fps_mode', 'passthrough'];
  for (const [index, rung] of spec.rungs.entries()) {
    command
      .output(`pipe:${firstRungDescriptor + index}`)
      .map(`[o${index}]`)
      .noAudio()
      .videoCodec(encoderCodecs[spec.encoder])
      .outputOptions(...encoderOptions(spec.encoder, rung))
      .outputOptions('-force_key_frames', forcedKeyframes(spec, rung), ...frameRateMode, ...timingOptions)
      .format('flv')
      .outputOptions('-flvflags', 'no_duration_filesize');
  }
  if (spec.thumbnail !== undefined) {
    command
      .output(`pipe:${firstRungDescriptor + spec.rungs.length}`)
      .map('[thumbnail]')
      .noAudio()
      .videoCodec('mjpeg')
      .outputOptions('-q:v', '5', '-pix_fmt', 'yuvj420p', ...frameRateMode, ...timingOptions)
      .format('image2pipe');
  }
  return [...prefix, ...deviceOptions(spec.encoder), ...argumentsOf(command)];
}

/** fluent-ffmpeg 2.1.3 shows its arguments only by this method; it cannot start what has more than one pipe. */
function argumentsOf(command: ffmpeg.FfmpegCommand): string[] {
  return (command as unknown as { _getArguments(): string[] })._getArguments();
}

function filterGraph(spec: TranscodeSpec): string[] {
  const branches = spec.rungs.map((rung, index) => `[i${index}]${rungFilters(spec, rung).join(',')}[o${index}]`);
  const inputs = spec.rungs.map((_, index) => `[i${index}]`);
  if (spec.thumbnail !== undefined) {
    const { widthPixels, heightPixels } = spec.thumbnail;
    branches.push(`[i${branches.length}]select=key,scale=${widthPixels}:${heightPixels},setsar=1[thumbnail]`);
    inputs.push(`[i${inputs.length}]`);
  }
  return [`[0:v]${spec.isInterlaced ? deinterlace : ''}split=${inputs.length}${inputs.join('')}`, ...branches];
}

function rungFilters(spec: TranscodeSpec, rung: RungOutput): string[] {
  const scale = `scale=${rung.widthPixels}:${rung.heightPixels}:flags=fast_bilinear`;
  const cap = rung.fpsCap === undefined ? [] : [`select='${keptFrames(spec, rung.fpsCap)}'`];
  return [`trim=start_pts=${rung.firstPtsMs}`, ...cap, scale, 'setsar=1', ...uploadFilters(spec.encoder)];
}

/**
 * Every frame that is far enough from the one kept before, and every frame that must be a keyframe: on a grid, the first of its
 * cell. The filter `fps` would drop keyframes.
 */
function keptFrames({ keyframeGrid }: TranscodeSpec, fpsCap: number): string {
  const isFarEnough = `gte(t-prev_selected_t,${seconds(900 / fpsCap)})`;
  if (keyframeGrid === undefined) return `isnan(prev_selected_t)+key+${isFarEnough}`;
  const cell = (time: string) => cellAt(time, -keyframeGrid.originMs, keyframeGrid.intervalMs);
  return `isnan(prev_selected_t)+gt(${cell('t')},${cell('prev_selected_t')})+${isFarEnough}`;
}

/** For `-force_key_frames` time counts from the rung's first frame. */
function forcedKeyframes({ keyframeGrid }: TranscodeSpec, rung: RungOutput): string {
  if (keyframeGrid === undefined) return 'source';
  const cell = (time: string) => cellAt(time, rung.firstPtsMs - keyframeGrid.originMs, keyframeGrid.intervalMs);
  return `expr:if(isnan(prev_forced_t),1,gt(${cell('t')},${cell('prev_forced_t')}))`;
}

/** The number of the grid's cell at a time in seconds: `gridCell` as ffmpeg reckons it. */
function cellAt(time: string, offsetMs: number, intervalMs: number): string {
  return `floor((${time}+${seconds(offsetMs + gridRoundingMs)})/${seconds(intervalMs)})`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6).replace(/00$/, '');
}
