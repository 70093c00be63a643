import type { FindingSeverity } from '../../contract/finding.ts';
import type { AudioConfig, SourceAudioConfig } from '../../media/track.ts';
import type { BroadcastFindingCode } from './finding-texts.ts';
import type { BroadcastObservation } from './observation.ts';
import type { StreamFinding } from './stream-finding.ts';

/** What a broadcast is measured against. */
export interface BroadcastExpectations {
  /** `hls.segment`. */
  readonly segmentMs: number;
  /** What the key allows. */
  readonly maxBitrateBps?: number | undefined;
}

/** Nothing is said before. */
const leastObservedMs = 2000;
const trackMissingAfterMs = 5000;
/** GOPs up to this many times the wanted segment are segments themselves. */
const longGopRatio = 1.5;
const burstRatio = 2;
const burstExcessBps = 1_000_000;
const uplinkUnevenMs = 700;
const uplinkBehindMs = 1000;
const driftMs = 200;
const apartMs = 1000;
const audioClockRatio = 0.003;
const silentBytesPerFrame = 24;
const fpsRatio = 0.93;
const muchBitrateBps = 12_000_000;

type Judgement = StreamFinding | undefined;

/** What a broadcaster should know of a broadcast, and what is well with it. */
export function broadcastFindings(seen: BroadcastObservation, wanted: BroadcastExpectations): StreamFinding[] {
  if (seen.observedMs < leastObservedMs) return [];
  return [
    ...seen.format,
    tracks(seen),
    keyframes(seen, wanted),
    frameRate(seen),
    reordering(seen),
    bitrate(seen, wanted),
    bursts(seen),
    uplink(seen),
    time(seen),
    sync(seen),
    ...sound(seen),
  ].filter((judgement) => judgement !== undefined);
}

function tracks({ video, audio, videoAgoMs, audioAgoMs, observedMs }: BroadcastObservation): Judgement {
  if (observedMs < trackMissingAfterMs) return undefined;
  if (audio === undefined || audioAgoMs === undefined) return judge('sound-none', 'warning');
  if (video === undefined || videoAgoMs === undefined) return judge('picture-none', 'note');
  if (audioAgoMs > trackMissingAfterMs && videoAgoMs < trackMissingAfterMs) {
    return judge('sound-stopped', 'warning', { since_ms: Math.round(audioAgoMs) });
  }
  if (videoAgoMs > trackMissingAfterMs && audioAgoMs < trackMissingAfterMs) {
    return judge('picture-stopped', 'warning', { since_ms: Math.round(videoAgoMs) });
  }
  return undefined;
}

function keyframes({ keyframeIntervalMs }: BroadcastObservation, { segmentMs }: BroadcastExpectations): Judgement {
  if (keyframeIntervalMs === undefined || keyframeIntervalMs === 0) return undefined;
  const figures = { interval_ms: Math.round(keyframeIntervalMs), wanted_ms: segmentMs };
  if (keyframeIntervalMs <= longGopRatio * segmentMs) return judge('keyframes', 'ok', figures);
  return judge('keyframes-far-apart', 'warning', figures);
}

function frameRate({ video, fps, missingRatio }: BroadcastObservation): Judgement {
  if (fps === undefined) return undefined;
  const figures = { fps: tenths(fps), missing_percent: tenths(missingRatio * 100) };
  if (missingRatio >= 0.01) return judge('frames-missing', missingRatio >= 0.05 ? 'warning' : 'note', figures);
  const announced = video?.nominalFps;
  if (announced !== undefined && fps < fpsRatio * announced) {
    return judge('frame-rate-low', 'warning', { ...figures, announced_fps: tenths(announced) });
  }
  return judge('frame-rate', 'ok', figures);
}

function reordering({ reorderedRatio, fps }: BroadcastObservation): Judgement {
  if (reorderedRatio < 0.02 || fps === undefined) return undefined;
  return judge('b-frames', 'note', { percent: Math.round(reorderedRatio * 100) });
}

function bitrate({ averageBps }: BroadcastObservation, { maxBitrateBps }: BroadcastExpectations): Judgement {
  if (averageBps === undefined) return undefined;
  const figures = { average_bps: Math.round(averageBps) };
  if (maxBitrateBps !== undefined && averageBps > maxBitrateBps) {
    return judge('bitrate-over-policy', 'warning', { ...figures, allowed_bps: maxBitrateBps });
  }
  return judge(
    averageBps > muchBitrateBps ? 'bitrate-high' : 'bitrate',
    averageBps > muchBitrateBps ? 'note' : 'ok',
    figures,
  );
}

/** A line that just carries the average stands still while a burst goes through. */
function bursts({ averageBps, peakBps, largestFrameBytes }: BroadcastObservation): Judgement {
  if (averageBps === undefined || peakBps === undefined) return undefined;
  const figures = {
    average_bps: Math.round(averageBps),
    peak_bps: Math.round(peakBps),
    largest_frame_bytes: largestFrameBytes,
  };
  const isBurst = peakBps > burstRatio * averageBps && peakBps - averageBps > burstExcessBps;
  const isHugeFrame = largestFrameBytes * 8 > averageBps && largestFrameBytes * 8 > burstExcessBps;
  return isBurst || isHugeFrame ? judge('bursts', 'warning', figures) : judge('steady', 'ok', figures);
}

function uplink({ jitterMs, backlogMs }: BroadcastObservation): Judgement {
  if (jitterMs === undefined || backlogMs === undefined) return undefined;
  const figures = { jitter_ms: Math.round(jitterMs), behind_ms: Math.max(0, Math.round(backlogMs)) };
  if (backlogMs >= uplinkBehindMs) return judge('uplink-starved', 'warning', figures);
  return jitterMs >= uplinkUnevenMs ? judge('uplink-uneven', 'warning', figures) : judge('uplink', 'ok', figures);
}

function time({ timeJumps, standingTimes }: BroadcastObservation): Judgement {
  if (timeJumps > 0) return judge('time-jumps', 'warning', { jumps: timeJumps });
  if (standingTimes > 0) return judge('time-backwards', 'note', { frames: standingTimes });
  return undefined;
}

function sync({ skewMs, firstSkewMs }: BroadcastObservation): Judgement {
  if (skewMs === undefined || firstSkewMs === undefined) return undefined;
  const figures = { apart_ms: Math.round(skewMs), drift_ms: Math.round(skewMs - firstSkewMs) };
  if (Math.abs(skewMs - firstSkewMs) >= driftMs) return judge('sound-drifts', 'warning', figures);
  if (Math.abs(skewMs) >= apartMs) return judge('sound-apart', 'warning', figures);
  return judge('sound-in-step', 'ok', figures);
}

function sound(seen: BroadcastObservation): Judgement[] {
  const { audio, audioAgoMs, audioBytesPerFrame, audioHoles, audioClockRatio: ratio } = seen;
  if (audio === undefined || audioAgoMs === undefined) return [];
  const { codec, codecString, sampleRateHz, channelCount } = audio;
  const figures = { codec: codecString, sample_rate_hz: sampleRateHz, channels: channelCount };
  const findings: Judgement[] = [];
  if (audibleRateHz(audio) < 44_100) findings.push(judge('sound-rate-low', 'warning', figures));
  if (channelCount === 1) findings.push(judge('sound-mono', 'note', figures));
  if (codec === 'aac' && isRareAac(audio)) findings.push(judge('sound-profile-rare', 'note', figures));
  if (findings.length === 0 && codec === 'aac') findings.push(judge('sound-format', 'ok', figures));
  if (codec === 'aac' && audioBytesPerFrame !== undefined && audioBytesPerFrame < silentBytesPerFrame) {
    findings.push(judge('sound-silent', 'warning', { bytes_per_frame: Math.round(audioBytesPerFrame) }));
  }
  if (ratio !== undefined && Math.abs(ratio) > audioClockRatio) {
    findings.push(judge('sound-clock-off', 'warning', { percent: Math.round(ratio * 10_000) / 100 }));
  }
  if (audioHoles > 0) findings.push(judge('sound-holes', 'warning', { holes: audioHoles }));
  return findings;
}

/** Spectral band replication doubles the rate that the core has. */
function audibleRateHz({ codecString, sampleRateHz }: SourceAudioConfig): number {
  return codecString === 'mp4a.40.5' || codecString === 'mp4a.40.29' ? 2 * sampleRateHz : sampleRateHz;
}

function isRareAac({ codecString }: AudioConfig): boolean {
  return codecString !== 'mp4a.40.2';
}

function judge(
  code: BroadcastFindingCode,
  severity: FindingSeverity,
  figures: StreamFinding['figures'] = {},
): StreamFinding {
  return { code, severity, figures };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
