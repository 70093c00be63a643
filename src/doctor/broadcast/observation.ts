import type { SourceAudioConfig, VideoConfig } from '../../media/track.ts';
import { type BroadcastObserver, clockToleranceMs } from './broadcast-observer.ts';
import * as field from './fields.ts';
import type { SecondRing } from './second-ring.ts';
import type { StreamFinding } from './stream-finding.ts';

/** What is known of a broadcast at one moment: of the last minute, unless it says otherwise. Undefined: nobody can tell yet. */
export interface BroadcastObservation {
  /** Since the first frame of this connection. */
  readonly observedMs: number;
  readonly video: VideoConfig | undefined;
  readonly audio: SourceAudioConfig | undefined;
  /** What the configuration of the video alone tells. */
  readonly format: readonly StreamFinding[];
  readonly fps: number | undefined;
  /** Of video frames. */
  readonly missingRatio: number;
  readonly reorderedRatio: number;
  /** The longest distance of keyframes, the one under way included. */
  readonly keyframeIntervalMs: number | undefined;
  readonly averageBps: number | undefined;
  /** The most in any second. */
  readonly peakBps: number | undefined;
  readonly largestFrameBytes: number;
  /** Between the frame that came soonest and the one that came latest, by their timestamps. */
  readonly jitterMs: number | undefined;
  /** How much later the newest frames come than once they did. */
  readonly backlogMs: number | undefined;
  /** How much later sound comes than pictures of the same time. */
  readonly skewMs: number | undefined;
  /** What that was at the beginning. */
  readonly firstSkewMs: number | undefined;
  /** Timestamps of sound against the sound itself, since the beginning: 0.01 is 1 % too fast. */
  readonly audioClockRatio: number | undefined;
  /** Of the fullest of the last ten seconds. */
  readonly audioBytesPerFrame: number | undefined;
  readonly audioHoles: number;
  readonly standingTimes: number;
  readonly timeJumps: number;
  /** Since the newest frame of each kind. */
  readonly videoAgoMs: number | undefined;
  readonly audioAgoMs: number | undefined;
}

const skewSeconds = 5;
const silenceSeconds = 10;
const backlogSeconds = 3;
const leastAudioClockMs = 10_000;

/** Folds what was seen into what can be judged. Called once a second at most: remembers the first skew there is. */
export function observe(observer: BroadcastObserver, nowMs: number): BroadcastObservation {
  const { ring, firstMs = nowMs, video, audio, lastVideoMs, lastAudioMs } = observer;
  ring.advance(nowMs);
  const skewMs = skewOf(ring);
  observer.firstSkewMs ??= skewMs;
  const frames = ring.sum(field.videoFrames);
  // The very first frame has no distance to one before it.
  const distances = ring.length < ring.seconds ? frames - 1 : frames;
  const spanMs = ring.sum(field.mediaMs);
  const missing = ring.sum(field.missingFrames);
  const bursts = observer.bursts.figures();
  const { audioClockMs, audioClockOverMs } = observer;
  return {
    observedMs: nowMs - firstMs,
    video,
    audio,
    format: observer.format,
    fps: video === undefined || spanMs < 2000 ? undefined : (distances * 1000) / spanMs,
    missingRatio: frames === 0 ? 0 : missing / (frames + missing),
    reorderedRatio: frames === 0 ? 0 : ring.sum(field.reorderedFrames) / frames,
    keyframeIntervalMs: video === undefined ? undefined : Math.max(ring.most(field.longestGop), observer.openGopMs),
    averageBps: bursts?.averageBps,
    peakBps: bursts?.peakBps,
    largestFrameBytes: ring.most(field.largestFrame),
    ...latenessOf(observer, nowMs),
    skewMs,
    firstSkewMs: observer.firstSkewMs,
    audioClockRatio: audioClockOverMs < leastAudioClockMs ? undefined : audioClockMs / audioClockOverMs,
    audioBytesPerFrame: loudest(ring),
    audioHoles: ring.sum(field.audioHoles),
    standingTimes: ring.sum(field.standingTimes),
    timeJumps: ring.sum(field.timeJumps),
    videoAgoMs: lastVideoMs && nowMs - lastVideoMs,
    audioAgoMs: lastAudioMs && nowMs - lastAudioMs,
  };
}

function latenessOf(
  { ring, video, bestLatenessMs, bestLatenessAtMs }: BroadcastObserver,
  nowMs: number,
): Pick<BroadcastObservation, 'jitterMs' | 'backlogMs'> {
  const [leastField, mostField] =
    video === undefined
      ? [field.leastAudioLateness, field.mostAudioLateness]
      : [field.leastVideoLateness, field.mostVideoLateness];
  const jitterMs = ring.most(mostField) - ring.least(leastField);
  const agedMs = bestLatenessMs + ((nowMs - bestLatenessAtMs) / 1000) * clockToleranceMs;
  const backlogMs = ring.least(leastField, 0, backlogSeconds) - agedMs;
  return { jitterMs: finite(jitterMs), backlogMs: finite(backlogMs) };
}

/** Over the last complete seconds that have both. */
function skewOf(ring: SecondRing): number | undefined {
  let sum = 0;
  for (let ago = 1; ago <= skewSeconds; ago++) {
    if (ago >= ring.length) return undefined;
    sum += ring.get(field.leastAudioLateness, ago) - ring.get(field.leastVideoLateness, ago);
  }
  return finite(sum / skewSeconds);
}

function loudest(ring: SecondRing): number | undefined {
  if (ring.length <= silenceSeconds) return undefined;
  let most = 0;
  for (let ago = 1; ago <= silenceSeconds; ago++) {
    const frames = ring.get(field.audioFrames, ago);
    if (frames > 0) most = Math.max(most, ring.get(field.audioBytes, ago) / frames);
  }
  return most === 0 ? undefined : most;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
