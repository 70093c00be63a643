import type { Clock } from '../base/clock.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { MediaSink } from '../stream/media-sink.ts';
import type { StillPictures } from './still-pictures.ts';

export interface KeyframeTapOptions {
  readonly id: string;
  readonly next: MediaSink;
  readonly stills: Pick<StillPictures, 'hasRoomFor' | 'draw'>;
  readonly clock: Clock;
  readonly deliver: (jpeg: Uint8Array) => void;
}

const intervalMs = 10_000;
/** A ladder, if there will be one, has drawn its first picture by then; and the start belongs to the picture that moves. */
const firstAfterMs = 4000;

/** Hands everything on; of a broadcast that has had no picture for a while, the next keyframe is drawn. */
export class KeyframeTap implements MediaSink {
  private readonly options: KeyframeTapOptions;
  private config: VideoConfig | undefined;
  private nextAtMs: number;

  constructor(options: KeyframeTapOptions) {
    this.options = options;
    this.nextAtMs = options.clock.monotonicMs() + firstAfterMs;
  }

  /** A picture came from elsewhere. */
  drawn(): void {
    this.nextAtMs = this.options.clock.monotonicMs() + intervalMs;
  }

  get isGapping(): boolean {
    return this.options.next.isGapping;
  }

  get endMs(): number {
    return this.options.next.endMs;
  }

  begin(start: { readonly startMs: number; readonly video?: VideoConfig; readonly audio?: AudioConfig }): void {
    if (start.video !== undefined) this.config = start.video;
    this.options.next.begin(start);
  }

  configure(config: VideoConfig | AudioConfig): void {
    if (config.kind === 'video') this.config = config;
    this.options.next.configure(config);
  }

  accessUnit(unit: AccessUnit): void {
    this.options.next.accessUnit(unit);
    if (unit.isSync && unit.kind === 'video') this.keyframe(unit);
  }

  markDiscontinuity(): void {
    this.options.next.markDiscontinuity();
  }

  interrupt(): void {
    this.options.next.interrupt();
  }

  tick(nowMs: number): void {
    this.options.next.tick(nowMs);
  }

  end(): void {
    this.options.next.end();
  }

  private keyframe(unit: AccessUnit): void {
    const { id, stills, clock, deliver } = this.options;
    if (this.config === undefined || clock.monotonicMs() < this.nextAtMs || !stills.hasRoomFor(id)) return;
    this.drawn();
    stills.draw(id, { config: this.config, keyframe: { data: new Uint8Array(unit.data) } }, deliver);
  }
}
