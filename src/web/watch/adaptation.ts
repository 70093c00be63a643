import Hls, {
  type AbrComponentAPI,
  type ErrorData,
  type FragLoadedData,
  type FragLoadingData,
  type Fragment,
  type LevelSwitchingData,
  type LoaderStats,
  type Part,
} from 'hls.js';
import { DroppedFrames, levelForSize } from './quality-cap.ts';
import { type Choice, type ChoiceFacts, QualityChoice } from './quality-choice.ts';
import type { SwitchReason } from './quality-history.ts';
import { ThroughputMeter } from './throughput-meter.ts';
import { endsSegment, outlookOf, rateOf, type TransferUnderWay } from './transfer-outlook.ts';

/** What is loaded of the picture now. */
interface Load {
  readonly data: FragLoadingData;
  readonly stats: LoaderStats;
  readonly place: SegmentPlace;
}

/** Where in its segment something is. */
type SegmentPlace = Pick<TransferUnderWay, 'mediaSeconds' | 'beforeSeconds' | 'segmentSeconds'>;

const lookEveryMs = 50;
/** What a network is taken for before anything is known of it. */
const assumedBps = 3_000_000;
const none = -1;

/**
 * Chooses qualities for hls.js, in place of its own controller. That one waits until a buffer is at risk that a low-latency stream
 * does not have, and does not climb to what takes more than 70 % of the bandwidth.
 */
export class Adaptation implements AbrComponentAPI {
  private readonly hls: Hls;
  private readonly onReason: (level: number, reason: SwitchReason) => void;
  private readonly meter = new ThroughputMeter();
  private readonly choice = new QualityChoice();
  private readonly droppedFrames = new DroppedFrames();
  private load: Load | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  /** What hls.js wants after an error, or we after giving up: until something of it is loaded. */
  private forced = none;
  /** What was loaded last ends a segment. */
  private isAtBoundary = true;

  /** `onReason` is told of each choice before it is carried out. */
  constructor(hls: Hls, onReason: (level: number, reason: SwitchReason) => void) {
    this.hls = hls;
    this.onReason = onReason;
    hls.on(Hls.Events.FRAG_LOADING, this.loading, this);
    hls.on(Hls.Events.FRAG_LOADED, this.loaded, this);
    hls.on(Hls.Events.LEVEL_SWITCHING, this.switching, this);
    hls.on(Hls.Events.ERROR, this.failed, this);
  }

  destroy(): void {
    const { hls } = this;
    clearInterval(this.timer);
    hls.off(Hls.Events.FRAG_LOADING, this.loading, this);
    hls.off(Hls.Events.FRAG_LOADED, this.loaded, this);
    hls.off(Hls.Events.LEVEL_SWITCHING, this.switching, this);
    hls.off(Hls.Events.ERROR, this.failed, this);
  }

  resetEstimator(): void {
    this.meter.reset();
  }

  /** Bits per second, as measured. */
  get throughputBps(): number | undefined {
    return this.meter.bps;
  }

  get firstAutoLevel(): number {
    if (this.hls.levels.length === 0) return 0;
    const first = this.choice.first(this.facts(), this.meter.bps ?? assumedBps);
    this.onReason(first.level, first.reason);
    return first.level;
  }

  get forcedAutoLevel(): number {
    return this.forced;
  }

  get nextAutoLevel(): number {
    const { hls, forced } = this;
    if (hls.levels.length < 2) return Math.max(0, hls.loadLevel);
    if (forced !== none) return Math.min(forced, hls.levels.length - 1);
    if (hls.loadLevel === none) return this.firstAutoLevel;
    const chosen = this.choice.next(this.facts());
    return chosen === undefined ? hls.loadLevel : this.told(chosen);
  }

  /** hls.js also repeats here what it was told. */
  set nextAutoLevel(level: number) {
    if (level !== this.hls.loadLevel) this.forced = level;
  }

  private told({ level, reason }: Choice): number {
    this.onReason(level, reason);
    return level;
  }

  private facts(): ChoiceFacts {
    const { hls, meter } = this;
    return {
      levelBps: hls.levels.map(({ averageBitrate, bitrate }) => averageBitrate || bitrate),
      current: hls.loadLevel,
      cap: this.cap(),
      throughputBps: meter.bps,
      bestBps: meter.bestBps,
      isAtBoundary: this.isAtBoundary,
      bufferSeconds: hls.mainForwardBufferInfo?.len ?? 0,
      nowMs: performance.now(),
    };
  }

  private cap(): ChoiceFacts['cap'] {
    const { levels, media } = this.hls;
    if (media === null) return { level: levels.length - 1, reason: 'player-size' };
    const widthPixels = media.clientWidth * devicePixelRatio;
    const heightPixels = media.clientHeight * devicePixelRatio;
    const bySize = levelForSize(levels, { widthPixels, heightPixels });
    const byDevice = this.droppedFrames.levelCap(performance.now()) ?? bySize;
    return byDevice < bySize ? { level: byDevice, reason: 'dropped-frames' } : { level: bySize, reason: 'player-size' };
  }

  private switching(_event: string, { level }: LevelSwitchingData): void {
    // Whether a higher quality can be had, what comes of it tells: not what the network was before.
    if (this.choice.switchedTo(level, performance.now()) === 'up') this.meter.reset();
  }

  private loading(_event: string, data: FragLoadingData): void {
    const { frag, part } = data;
    if (frag.type !== 'main' || frag.sn === 'initSegment') return;
    this.load = { data, stats: (part ?? frag).stats, place: this.placeOf(data) };
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), lookEveryMs);
  }

  private placeOf({ frag, part }: { readonly frag: Fragment; readonly part?: Part | null | undefined }): SegmentPlace {
    // The one being made will be as long as the one before.
    const segmentSeconds = this.hls.latestLevelDetails?.fragments.at(-1)?.duration ?? frag.duration;
    if (!part) return { mediaSeconds: frag.duration, beforeSeconds: 0, segmentSeconds: frag.duration };
    return { mediaSeconds: part.duration, beforeSeconds: part.fragOffset, segmentSeconds };
  }

  private loaded(_event: string, { frag, part }: FragLoadedData): void {
    const { loading, loaded: bytes } = (part ?? frag).stats;
    this.meter.add({ firstByteMs: loading.first, endMs: loading.end || performance.now(), bytes });
    if (frag.type !== 'main') return;
    this.rest();
    this.isAtBoundary = endsSegment(this.placeOf({ frag, part: part ?? undefined }));
    if (frag.level === this.forced) this.forced = none;
    this.lookAtFrames();
  }

  private failed(_event: string, { details, frag }: ErrorData): void {
    if (details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.stalled();
    else if (frag?.type === 'main') this.rest();
  }

  /** The picture stands. Where nothing is on its way, it is not for the network that it does. */
  private stalled(): void {
    const { hls, load } = this;
    if (load === undefined || hls.loadLevel < 1 || !hls.autoLevelEnabled) return;
    this.forced = this.told({ level: hls.loadLevel - 1, reason: 'buffer' });
  }

  private rest(): void {
    clearInterval(this.timer);
    this.load = undefined;
  }

  private lookAtFrames(): void {
    const { media, currentLevel } = this.hls;
    const counts = (media as HTMLVideoElement | null)?.getVideoPlaybackQuality?.();
    if (counts === undefined || media?.paused !== false || document.hidden) return;
    const { totalVideoFrames: total, droppedVideoFrames: dropped } = counts;
    this.droppedFrames.look({ total, dropped }, currentLevel, performance.now());
  }

  /** Is what is being loaded worth waiting for? */
  private look(): void {
    const { hls, load } = this;
    if (load === undefined || load.stats.aborted) {
      this.rest();
      return;
    }
    const { frag } = load.data;
    if (!hls.autoLevelEnabled || frag.level !== hls.loadLevel || frag.level === 0) return;
    if (load.stats.loading.start === 0) return; // not asked for yet: an init segment comes first
    const facts = this.facts();
    const transfer = underWay(load, facts.levelBps[frag.level]!, facts.nowMs);
    const { bufferSeconds } = facts;
    const outlook = outlookOf(transfer, { bufferSeconds, lowestBps: facts.levelBps[0]! });
    if (outlook !== 'wait') this.fall(load, transfer, facts, outlook === 'give-up');
  }

  /** The playlist of the lower quality is asked for at once, also where what is under way may come. */
  private fall({ data, stats }: Load, transfer: TransferUnderWay, facts: ChoiceFacts, isGivenUp: boolean): void {
    const { hls, meter } = this;
    const { frag, part } = data;
    this.rest();
    if (isGivenUp && stats.loading.first > 0) {
      meter.add({ firstByteMs: stats.loading.first, endMs: facts.nowMs, bytes: stats.loaded });
    }
    this.forced = this.told(this.choice.givenUp(facts, rateOf(transfer)?.seenBps ?? 0));
    hls.nextLoadLevel = this.forced;
    if (!isGivenUp) return;
    frag.abortRequests();
    hls.trigger(Hls.Events.FRAG_LOAD_EMERGENCY_ABORTED, { frag, part: part ?? null, stats });
  }
}

function underWay({ stats, place }: Load, levelBps: number, nowMs: number): TransferUnderWay {
  const { loading, loaded, total } = stats;
  return {
    sinceRequestMs: nowMs - loading.start,
    sinceFirstByteMs: loading.first > 0 ? nowMs - loading.first : undefined,
    loadedBytes: loaded,
    totalBytes: Math.max(loaded, total || (levelBps * place.mediaSeconds) / 8),
    ...place,
  };
}
