import { defaultRungs } from '../config/ladder.ts';
import { pixelAspectOf } from '../media/mp4/sample-entry.ts';
import type { VideoConfig } from '../media/track.ts';
import { type CostModel, decodeCostCores, referenceCosts, rungCostCores } from './cost-model.ts';
import { avcCodecString, type H264Profile, h264LevelIdc } from './h264-level.ts';

/** One step of the ladder as the operator configures it. */
export interface QualityLevel {
  /** `720p`: the rendition's name in every URL. */
  readonly name: string;
  /** The short side of the picture. */
  readonly heightPixels: number;
  /** Frames per second at most; absent: as the source, up to `maxLadderFps`. */
  readonly maxFps?: number | undefined;
  /** At up to 30 frames per second. */
  readonly videoBitrateBps: number;
  /** Above 30 frames per second; absent: 1.4 times as much. */
  readonly highFpsVideoBitrateBps?: number | undefined;
}

/** What the ladder is planned from. */
export interface LadderSource {
  /** As shown, with square pixels: `displaySize`. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Measured; what the bitstream says about itself is often wrong. */
  readonly fps: number;
  /** The larger of what the publisher announced and what was measured: a broadcast often begins with a still picture. */
  readonly bitrateBps: number;
  readonly codec: VideoConfig['codec'];
  /** The source is offered to viewers as it is. Otherwise the top rung takes its place, on a fixed grid of keyframes. */
  readonly isPassthrough: boolean;
}

/** One rung, ready to be encoded. */
export interface PlannedRung {
  readonly name: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Frames per second that come out. */
  readonly fps: number;
  /** Set where the source has more frames: the shortest distance of frames that is kept is 0.9 of its inverse. */
  readonly fpsCap?: number;
  readonly bitrateBps: number;
  readonly maxrateBps: number;
  readonly bufsizeBits: number;
  readonly profile: H264Profile;
  readonly levelIdc: number;
  /** RFC 6381, known before the first frame because profile and level are fixed. */
  readonly codecString: string;
  /** Cores this rung takes beside the others. */
  readonly costCores: number;
  /** Slices a frame is encoded in at once. */
  readonly encoderThreads: number;
}

export interface LadderPlan {
  /** Best first; empty where nothing is worth encoding. */
  readonly rungs: readonly PlannedRung[];
  /** Where the rungs have keyframes: where the source has them, or on a fixed grid because those of the source do not serve. */
  readonly keyframes: 'source' | 'grid';
  /** Cores that decoding takes, once for all rungs. */
  readonly decodeCostCores: number;
}

/** No rung has more frames per second than this. */
const maxLadderFps = 60;
/** A rung must be this much smaller than the source to be worth its cost, in height and in bit rate. */
const maxHeightRatio = 0.8;
const maxBitrateRatio = 0.7;
const highFpsThreshold = 31;
const highFpsBitrateRatio = 1.4;
/** Source frame rates that exceed a cap by less are left as they are. */
const capTolerance = 1.05;
/** H.264 needs this many times the bits of a newer codec for the same picture. */
const newerCodecGain = 1.6;
/** A rung in the source's place has at least this share of its level's bit rate. */
const leastLeadBitrateRatio = 0.4;
const mainProfileMaxShortSide = 480;

/** The picture's size as shown, pixels made square (heights stay). */
export function displaySize(config: VideoConfig): { widthPixels: number; heightPixels: number } {
  const aspect = pixelAspectOf(config);
  const { widthPixels, heightPixels } = config;
  if (aspect === undefined) return { widthPixels, heightPixels };
  return { widthPixels: Math.round((widthPixels * aspect.horizontal) / aspect.vertical), heightPixels };
}

/** The size of a small still picture of the source, its short side `shortSidePixels` or that of the source. */
export function thumbnailSize(
  config: VideoConfig,
  shortSidePixels: number,
): { widthPixels: number; heightPixels: number } {
  const shown = displaySize(config);
  return sizeOf(shown, Math.min(shortSidePixels, shown.widthPixels, shown.heightPixels));
}

/**
 * The rungs worth encoding for a source, best first. Never enlarges; a level that is hardly smaller than the source, in size or in
 * bit rate, is left out. Where the source itself is not offered, the largest level that fits takes its place, or the source's own
 * size where even the smallest level is too large.
 */
export function planLadder(options: {
  readonly source: LadderSource;
  readonly levels?: readonly QualityLevel[];
  /** The rung in the source's place, where viewers know it already: it keeps its name, and is never larger. */
  readonly lead?: { readonly name: string; readonly heightPixels: number } | undefined;
  /** For all rungs. */
  readonly maxFps?: number;
  readonly costs?: CostModel;
}): LadderPlan {
  const { source, levels = defaultRungs, lead, maxFps = maxLadderFps, costs = referenceCosts } = options;
  const ordered = distinct(levels, source, maxFps).sort(
    (a, b) => b.heightPixels - a.heightPixels || bitrateOf(b, source, maxFps) - bitrateOf(a, source, maxFps),
  );
  const shortSide = Math.min(source.widthPixels, source.heightPixels);
  const plan = (level: QualityLevel, bitrateBps: number) => planRung(source, level, bitrateBps, maxFps, costs);
  const smallerThan = (heightPixels: number, bitrateBps: number) =>
    ordered
      .filter((level) => level.heightPixels <= maxHeightRatio * heightPixels)
      .map((level) => ({ level, bitrateBps: bitrateOf(level, source, maxFps) }))
      .filter((candidate) => candidate.bitrateBps <= maxBitrateRatio * bitrateBps)
      .map((candidate) => plan(candidate.level, candidate.bitrateBps));

  const decodeCost = decodeCostCores(source, costs);
  if (source.isPassthrough || ordered.length === 0) {
    return { rungs: smallerThan(shortSide, source.bitrateBps), keyframes: 'source', decodeCostCores: decodeCost };
  }
  const largest = Math.min(shortSide, lead?.heightPixels ?? shortSide);
  const found = ordered.find((level) => level.heightPixels <= largest) ?? sourceSized(ordered.at(-1)!, largest);
  const top = lead === undefined ? found : { ...found, name: lead.name };
  const topBitrateBps = leadBitrateBps(source, bitrateOf(top, source, maxFps));
  const below = smallerThan(top.heightPixels, topBitrateBps).filter(({ name }) => name !== top.name);
  return { rungs: [plan(top, topBitrateBps), ...below], keyframes: 'grid', decodeCostCores: decodeCost };
}

/** Not many more bits than the source has; but many broadcasts begin with a picture that stands still. */
function leadBitrateBps(source: LadderSource, wantedBps: number): number {
  const equalBps = Math.round(source.bitrateBps * (source.codec === 'avc' ? 1 : newerCodecGain));
  return Math.min(wantedBps, Math.max(equalBps, Math.round(wantedBps * leastLeadBitrateRatio)));
}

/** Of levels that come to the same size and frame rate for this source, the one with the lowest cap: 720p rather than 720p60. */
function distinct(levels: readonly QualityLevel[], source: LadderSource, maxFps: number): QualityLevel[] {
  const pictureOf = (level: QualityLevel) => `${level.heightPixels} ${outputRate(source.fps, level, maxFps).fps}`;
  const cap = (level: QualityLevel) => level.maxFps ?? maxFps;
  return levels.filter(
    (level) => !levels.some((other) => pictureOf(other) === pictureOf(level) && cap(other) < cap(level)),
  );
}

/** A level for a source that is smaller than all levels. */
function sourceSized(smallest: QualityLevel, shortSide: number): QualityLevel {
  return { ...smallest, name: `${shortSide}p`, heightPixels: shortSide };
}

function bitrateOf(level: QualityLevel, source: LadderSource, maxFps: number): number {
  if (outputRate(source.fps, level, maxFps).fps < highFpsThreshold) return level.videoBitrateBps;
  return level.highFpsVideoBitrateBps ?? Math.round(level.videoBitrateBps * highFpsBitrateRatio);
}

/** Frames are left out whole: a source of 50 becomes 25 under a cap of 30. */
function outputRate(sourceFps: number, level: QualityLevel, maxFps: number): { fps: number; fpsCap?: number } {
  const cap = Math.min(level.maxFps ?? maxFps, maxFps);
  if (sourceFps <= cap * capTolerance) return { fps: sourceFps };
  return { fps: sourceFps / Math.ceil((0.9 * sourceFps) / cap), fpsCap: cap };
}

function planRung(
  source: LadderSource,
  level: QualityLevel,
  bitrateBps: number,
  maxFps: number,
  costs: CostModel,
): PlannedRung {
  const rate = outputRate(source.fps, level, maxFps);
  const size = sizeOf(source, level.heightPixels);
  const profile = level.heightPixels <= mainProfileMaxShortSide ? 'main' : 'high';
  const levelIdc = h264LevelIdc({ ...size, fps: rate.fps, bitrateBps, profile });
  const costCores = rungCostCores(source, { ...size, fps: rate.fps }, costs);
  return {
    name: level.name,
    ...size,
    ...rate,
    bitrateBps,
    maxrateBps: bitrateBps,
    bufsizeBits: bitrateBps,
    profile,
    levelIdc,
    codecString: avcCodecString(profile, levelIdc),
    costCores,
    encoderThreads: encoderThreads(costCores),
  };
}

/** ffmpeg 5 encodes one rung after the other: a rung that would take most of a frame's time has to be cut into slices. */
function encoderThreads(costCores: number): number {
  if (costCores < 0.15) return 1;
  return costCores < 0.4 ? 2 : 4;
}

/** The source's shape with a short side of `shortSide`; both sides even, as 4:2:0 needs it, and none longer than the source's. */
function sizeOf(
  source: { widthPixels: number; heightPixels: number },
  shortSide: number,
): { widthPixels: number; heightPixels: number } {
  const ratio = shortSide / Math.min(source.widthPixels, source.heightPixels);
  const side = (pixels: number) => Math.max(2, 2 * Math.min(Math.round((pixels * ratio) / 2), Math.floor(pixels / 2)));
  return { widthPixels: side(source.widthPixels), heightPixels: side(source.heightPixels) };
}
