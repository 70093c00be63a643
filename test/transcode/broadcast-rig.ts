import { setTimeout as delay } from 'node:timers/promises';
import type { AccessUnit, VideoConfig } from '../../src/media/track.ts';
import type { EncoderName } from '../../src/transcode/encoder-options.ts';
import { type LadderSource, planLadder, type QualityLevel } from '../../src/transcode/ladder.ts';
import type { WantedLadder } from '../../src/transcode/ladder-demand.ts';
import { SessionSupervisor } from '../../src/transcode/session-supervisor.ts';
import type { TranscodeListener, TranscodeNotice, TranscodeStats } from '../../src/transcode/transcode-listener.ts';
import { until } from '../support/until.ts';
import { SkippableClock } from './skippable-clock.ts';
import { ptsOf, type SourceClip } from './source-clips.ts';

export interface GotFrame {
  readonly ptsMs: number;
  readonly isSync: boolean;
  readonly atMs: number;
}

/** Two small rungs, which two busy cores manage beside everything else. */
export const smallLevels: readonly QualityLevel[] = [
  { name: '360p', heightPixels: 360, videoBitrateBps: 800_000 },
  { name: '240p', heightPixels: 240, videoBitrateBps: 400_000 },
];

/** In the decoder, for B-frames that may still come. */
const heldFrames = 4;

/** Not whole on purpose: stream time is not either. */
const streamStartMs = 10_432.187;

/** A supervisor with the real ffmpeg, fed from clips in real time, and all it says. */
export class BroadcastRig {
  readonly clock = new SkippableClock();
  readonly supervisor: SessionSupervisor;
  /** Of the source, as fed. */
  readonly source: AccessUnit[] = [];
  readonly fedAtMs = new Map<number, number>();
  readonly frames = new Map<string, GotFrame[]>();
  readonly configs: [string, VideoConfig][] = [];
  readonly states: string[] = [];
  readonly notices: TranscodeNotice[] = [];
  readonly logs: string[] = [];
  readonly counters: TranscodeStats[] = [];
  thumbnails = 0;
  /** Stream time at which the next clip's first frame is shown. */
  nextMs = streamStartMs;

  constructor(path = 'ffmpeg', more: { thumbnailShortSidePixels?: number; encoder?: EncoderName } = {}) {
    const listener: TranscodeListener = {
      rungConfig: (rung, config) => this.configs.push([rung, config]),
      rungFrame: (rung, unit) => {
        const list = this.frames.get(rung) ?? [];
        list.push({ ptsMs: ptsOf(unit), isSync: unit.isSync, atMs: performance.now() });
        this.frames.set(rung, list);
      },
      rungState: (rung, state) => this.states.push(`${rung} ${state}`),
      thumbnail: () => {
        this.thumbnails++;
      },
      notice: (notice) => {
        if (notice.type === 'log') this.logs.push(notice.line.text);
        else this.notices.push(notice);
      },
      counters: (stats) => this.counters.push(stats),
    };
    const ffmpeg = { path, version: '', isBefore51: false };
    const { clock } = this;
    this.supervisor = new SessionSupervisor({
      ffmpeg,
      encoder: 'x264',
      keyframeGridMs: 2000,
      clock,
      listener,
      ...more,
    });
  }

  want(clip: SourceClip, fps: number, more: Partial<LadderSource> = {}, levels = smallLevels): WantedLadder {
    const { widthPixels, heightPixels, codec } = clip.config;
    const source = { widthPixels, heightPixels, codec, fps, bitrateBps: 5e6, isPassthrough: true, ...more };
    const { rungs, keyframes } = planLadder({ source, levels });
    const ladder = { rungs, keyframes, sourceFps: fps };
    this.supervisor.want(ladder);
    return ladder;
  }

  /** Feeds the frames decoded from `fromMs` to `toMs` of the clip at the times they say; `onTime` is called with the clip's time before each. */
  async play(
    clip: SourceClip,
    options: { fromMs?: number; toMs?: number; speed?: number; onTime?: (clipMs: number) => void } = {},
  ): Promise<void> {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY, speed = 1, onTime } = options;
    this.supervisor.configure(clip.config);
    const units = clip.units.filter((unit) => unit.dtsMs >= fromMs && unit.dtsMs < toMs);
    const beganMs = performance.now();
    const clipStartMs = units[0]!.dtsMs;
    const shiftMs = this.nextMs - ptsOf(units[0]!);
    for (const unit of units) {
      const aheadMs = beganMs + (unit.dtsMs - clipStartMs) / speed - performance.now();
      if (aheadMs > 0) await delay(aheadMs);
      onTime?.(unit.dtsMs);
      this.feed({ ...unit, dtsMs: unit.dtsMs + shiftMs });
    }
    this.nextMs = Math.max(...units.map(ptsOf)) + shiftMs + 1000 / 30;
  }

  feed(unit: AccessUnit): void {
    this.source.push(unit);
    this.fedAtMs.set(ptsOf(unit), performance.now());
    const lent = { ...unit, data: unit.data.slice() };
    this.supervisor.accessUnit(lent);
    lent.data.fill(0xff); // it was only lent
  }

  framesOf(rung: string): readonly GotFrame[] {
    return this.frames.get(rung) ?? [];
  }

  /** Waits until all but what the decoder holds has come back, however busy the machine is. */
  async caughtUp(rungs: readonly string[] = smallLevels.map((level) => level.name)): Promise<void> {
    await until('the rungs have caught up', () => rungs.every((rung) => this.lost(rung) <= heldFrames));
  }

  /** Has everything come back, and stops. */
  async finish(): Promise<void> {
    await this.caughtUp();
    await this.supervisor.stop();
  }

  /** How many of the source's frames this rung does not have, less those that were left out on purpose. */
  lost(rung: string): number {
    return this.missing(rung).length - this.supervisor.stats().framesDropped;
  }

  /** PTS of the source's frames that this rung does not have. */
  missing(rung: string): number[] {
    const got = new Set(this.framesOf(rung).map((frame) => frame.ptsMs));
    return this.source.map(ptsOf).filter((ptsMs) => !got.has(ptsMs));
  }

  /** PTS of the source's keyframes that are none in this rung. */
  missingKeys(rung: string): number[] {
    const keys = new Set(this.framesOf(rung).flatMap((frame) => (frame.isSync ? [frame.ptsMs] : [])));
    return this.source
      .filter((unit) => unit.isSync)
      .map(ptsOf)
      .filter((ptsMs) => !keys.has(ptsMs));
  }

  /** How long after it was fed each frame from `sinceMs` after the beginning on came back, sorted. */
  lags(rung: string, sinceMs: number): number[] {
    return this.framesOf(rung)
      .filter((frame) => frame.ptsMs > streamStartMs + sinceMs)
      .map((frame) => frame.atMs - (this.fedAtMs.get(frame.ptsMs) ?? Number.NaN))
      .sort((a, b) => a - b);
  }

  /** The longest time without a frame of this rung. */
  longestSilenceMs(rung: string): number {
    const frames = this.framesOf(rung);
    return Math.max(...frames.map((frame, index) => frame.atMs - (frames[index - 1]?.atMs ?? frame.atMs)));
  }

  noticesOf<Type extends TranscodeNotice['type']>(type: Type): Extract<TranscodeNotice, { type: Type }>[] {
    return this.notices.filter((notice) => notice.type === type) as Extract<TranscodeNotice, { type: Type }>[];
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
