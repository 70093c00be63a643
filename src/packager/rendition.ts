import { writeInitSegment } from '../media/mp4/init-segment.ts';
import type { TrackConfig } from '../media/track.ts';
import type { RenditionContinuity } from '../stream/continuity.ts';
import type { MeasuredBitrate, RenditionDescription } from '../stream/feed.ts';

/** Whether two configurations make the same decoder: then players need no new init segment. */
export function isSameConfig(a: TrackConfig, b: TrackConfig): boolean {
  return a.codec === b.codec && a.codecString === b.codecString && Buffer.compare(a.record, b.record) === 0;
}

/** What a rendition says of itself, and which of its init segments is current. */
export class Rendition {
  readonly name: string;
  readonly timescale: number;
  decodeDelayTicks = 0;
  frameRate: number | undefined;
  /** Only gaps will follow: nobody new should choose it. */
  isWithdrawn = false;
  /** Of complete segments so far, in this process or the one before. */
  measured: MeasuredBitrate | undefined;
  private currentConfig: TrackConfig;
  private version: number;

  constructor(name: string, config: TrackConfig, timescale: number, initVersion = 1) {
    this.name = name;
    this.currentConfig = config;
    this.timescale = timescale;
    this.version = initVersion;
  }

  static restore(known: RenditionContinuity): Rendition {
    const rendition = new Rendition(known.name, known.config, known.timescale, known.initVersion);
    rendition.decodeDelayTicks = known.decodeDelayTicks;
    rendition.frameRate = known.frameRate;
    rendition.measured = known.measured;
    return rendition;
  }

  get config(): TrackConfig {
    return this.currentConfig;
  }

  get initVersion(): number {
    return this.version;
  }

  /** Takes over a configuration; true when players need a new init segment for it. */
  change(config: TrackConfig): boolean {
    const isChanged = !isSameConfig(config, this.currentConfig);
    this.currentConfig = config;
    if (isChanged) this.version++;
    return isChanged;
  }

  continuity(): RenditionContinuity {
    const { name, timescale, decodeDelayTicks, frameRate, measured } = this;
    return {
      name,
      config: this.currentConfig,
      timescale,
      initVersion: this.version,
      decodeDelayTicks,
      ...(frameRate === undefined ? {} : { frameRate }),
      ...(measured === undefined ? {} : { measured }),
    };
  }

  describe(): RenditionDescription {
    const { name, timescale, decodeDelayTicks, frameRate, measured, isWithdrawn } = this;
    return {
      name,
      config: this.currentConfig,
      timescale,
      decodeDelayTicks,
      ...(frameRate === undefined ? {} : { frameRate }),
      ...(measured === undefined ? {} : { measured }),
      ...(isWithdrawn ? { isWithdrawn } : {}),
      init: { version: this.version, bytes: writeInitSegment(this.currentConfig, timescale) },
    };
  }
}
