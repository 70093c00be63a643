import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../../media/track.ts';
import { BurstMeter } from './burst-meter.ts';
import * as field from './fields.ts';
import { SecondRing } from './second-ring.ts';
import type { StreamFinding } from './stream-finding.ts';
import { videoFormatFindings } from './video-format.ts';

const keptSeconds = 60;
/** What an encoder has gathered before it connected comes at once: that is no lateness. */
const settlingMs = 3000;
/** What waited in sockets while this process stood still comes late through no fault of the publisher's. */
const forgivenMs = 1000;
const jumpMs = 2000;
const holeMs = 100;
/** A frame that comes this many usual distances after the one before tells that others are missing. */
const missingFrom = 1.7;
/** Share of a new distance in the usual one. */
const intervalWeight = 1 / 32;
/** How much two good clocks go apart, ms in a second. */
export const clockToleranceMs = 0.2;

/**
 * Looks at every frame of one publisher's connection as it arrives, before its time is repaired, and keeps what tells how well the
 * broadcast is made and delivered: a minute of it, and what has to be compared with the beginning.
 */
export class BroadcastObserver {
  readonly ring = new SecondRing(keptSeconds, field.emptySecond);
  readonly bursts = new BurstMeter();
  video: VideoConfig | undefined;
  audio: SourceAudioConfig | undefined;
  /** What the configuration of the video alone tells. */
  format: readonly StreamFinding[] = [];
  /** Arrival of the first frame, and of the newest of each kind. */
  firstMs: number | undefined;
  lastVideoMs: number | undefined;
  lastAudioMs: number | undefined;
  /** The least lateness so far, growing as slowly as clocks go apart. */
  bestLatenessMs = Number.POSITIVE_INFINITY;
  bestLatenessAtMs = 0;
  /** By how much timestamps of sound have gone apart from the sound itself, and over how much of it. */
  audioClockMs = 0;
  audioClockOverMs = 0;
  /** How much later sound is than pictures of the same time: at the beginning. */
  firstSkewMs: number | undefined;
  openGopMs = 0;
  intervalMs = 0;
  private lastVideoDtsMs: number | undefined;
  private lastAudioDtsMs: number | undefined;
  private lastKeyframeMs: number | undefined;
  private newestPtsMs = Number.NEGATIVE_INFINITY;
  private intervals = 0;
  private forgiveUntilMs = Number.NEGATIVE_INFINITY;
  private lastJumpMs = Number.NEGATIVE_INFINITY;

  configure(config: VideoConfig | SourceAudioConfig): void {
    if (config.kind === 'audio') {
      this.audio = config;
      return;
    }
    this.video = config;
    this.format = videoFormatFindings(config);
  }

  /** `arrivalMs`: monotonic. */
  accessUnit(unit: AccessUnit, arrivalMs: number): void {
    this.firstMs ??= arrivalMs;
    this.ring.advance(arrivalMs);
    if (unit.kind === 'video') this.addVideo(unit, arrivalMs);
    else this.addAudio(unit, arrivalMs);
  }

  /** This process stood still until now. */
  forgive(nowMs: number): void {
    this.forgiveUntilMs = nowMs + forgivenMs;
  }

  private addVideo({ dtsMs, compositionOffsetMs, isSync, data }: AccessUnit, arrivalMs: number): void {
    const { ring } = this;
    ring.add(field.videoFrames, 1);
    ring.add(field.videoBytes, data.length);
    ring.atLeast(field.largestFrame, data.length);
    this.bursts.add(dtsMs, data.length);
    if (this.lastVideoDtsMs !== undefined) this.addDistance(dtsMs - this.lastVideoDtsMs, arrivalMs);
    this.lastVideoDtsMs = dtsMs;
    this.lastVideoMs = arrivalMs;
    const ptsMs = dtsMs + compositionOffsetMs;
    if (ptsMs < this.newestPtsMs) ring.add(field.reorderedFrames, 1);
    else this.newestPtsMs = ptsMs;
    if (isSync) {
      if (this.lastKeyframeMs !== undefined) ring.atLeast(field.longestGop, ptsMs - this.lastKeyframeMs);
      this.lastKeyframeMs = ptsMs;
    }
    this.openGopMs = this.lastKeyframeMs === undefined ? 0 : ptsMs - this.lastKeyframeMs;
    if (this.isJudged(arrivalMs)) {
      this.addLateness(arrivalMs - dtsMs, arrivalMs);
      ring.atMost(field.leastVideoLateness, arrivalMs - dtsMs);
      ring.atLeast(field.mostVideoLateness, arrivalMs - dtsMs);
    }
  }

  private addDistance(deltaMs: number, arrivalMs: number): void {
    const { ring } = this;
    const elapsedMs = arrivalMs - this.lastVideoMs!;
    if (deltaMs <= 0) ring.add(field.standingTimes, 1);
    if (isJump(deltaMs, elapsedMs)) {
      this.jumped(arrivalMs);
      return;
    }
    if (deltaMs <= 0) return;
    ring.add(field.mediaMs, deltaMs);
    if (this.intervals >= 16 && deltaMs > missingFrom * this.intervalMs) {
      ring.add(field.missingFrames, Math.round(deltaMs / this.intervalMs) - 1);
    }
    // An average of the first ones, then one that slowly follows a source that changes its rate.
    this.intervals++;
    this.intervalMs += (deltaMs - this.intervalMs) * Math.max(1 / this.intervals, intervalWeight);
  }

  private addAudio({ dtsMs, data }: AccessUnit, arrivalMs: number): void {
    const { ring } = this;
    ring.add(field.audioFrames, 1);
    ring.add(field.audioBytes, data.length);
    this.bursts.add(dtsMs, data.length);
    if (this.lastAudioDtsMs !== undefined) this.addSound(dtsMs - this.lastAudioDtsMs, arrivalMs);
    this.lastAudioDtsMs = dtsMs;
    this.lastAudioMs = arrivalMs;
    if (!this.isJudged(arrivalMs)) return;
    if (this.video === undefined) this.addLateness(arrivalMs - dtsMs, arrivalMs);
    ring.atMost(field.leastAudioLateness, arrivalMs - dtsMs);
    ring.atLeast(field.mostAudioLateness, arrivalMs - dtsMs);
  }

  private addSound(deltaMs: number, arrivalMs: number): void {
    const { ring, audio } = this;
    const elapsedMs = arrivalMs - this.lastAudioMs!;
    if (deltaMs < 0) ring.add(field.standingTimes, 1);
    if (isJump(deltaMs, elapsedMs)) {
      this.jumped(arrivalMs);
      return;
    }
    if (this.video === undefined) ring.add(field.mediaMs, Math.max(0, deltaMs));
    if (audio === undefined || audio.codec === 'foreign') return;
    const frameMs = (audio.samplesPerFrame * 1000) / audio.sampleRateHz;
    if (Math.abs(deltaMs - frameMs) > holeMs) {
      ring.add(field.audioHoles, 1);
      return;
    }
    this.audioClockMs += deltaMs - frameMs;
    this.audioClockOverMs += frameMs;
  }

  private addLateness(latenessMs: number, arrivalMs: number): void {
    const aged = this.bestLatenessMs + ((arrivalMs - this.bestLatenessAtMs) / 1000) * clockToleranceMs;
    if (!(aged < latenessMs)) {
      this.bestLatenessMs = latenessMs;
      this.bestLatenessAtMs = arrivalMs;
    }
  }

  private isJudged(arrivalMs: number): boolean {
    return arrivalMs - this.firstMs! >= settlingMs && arrivalMs >= this.forgiveUntilMs;
  }

  /** The publisher's clock was set: nothing before compares with what comes. */
  private jumped(arrivalMs: number): void {
    // Both tracks jump, one after the other.
    if (arrivalMs - this.lastJumpMs > jumpMs) this.ring.add(field.timeJumps, 1);
    this.lastJumpMs = arrivalMs;
    this.ring.forget(field.latenesses);
    this.bestLatenessMs = Number.POSITIVE_INFINITY;
    this.firstSkewMs = undefined;
    this.newestPtsMs = Number.NEGATIVE_INFINITY;
    this.lastKeyframeMs = undefined;
  }
}

/** Silence on the wire as long as in the timestamps is an absence, and true. */
function isJump(deltaMs: number, elapsedMs: number): boolean {
  if (Math.abs(deltaMs) <= jumpMs) return false;
  return deltaMs < 0 || Math.abs(deltaMs - elapsedMs) > jumpMs;
}
