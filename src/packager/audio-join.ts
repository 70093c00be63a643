import type { AudioConfig } from '../media/track.ts';
import type { HeldFeed } from './held-feed.ts';
import type { Lanes } from './lanes.ts';
import { isSameConfig } from './rendition.ts';
import type { SegmentClock } from './segment-clock.ts';

/**
 * Decides when sound joins, or changes: at once while nobody sees the stream, later only with a slot behind a discontinuity,
 * which tells players of the new track.
 */
export class AudioJoin {
  private readonly feed: HeldFeed;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private config: AudioConfig | undefined;
  private isLate = false;

  constructor(feed: HeldFeed, clock: SegmentClock, lanes: Lanes) {
    this.feed = feed;
    this.clock = clock;
    this.lanes = lanes;
  }

  /** A publisher begins, with this sound or without. `isSure`: there is no need to wait for its first frame. */
  begin(config: AudioConfig | undefined, isSure: boolean, nowMs: number): void {
    this.config = config;
    if (config !== undefined && (this.lanes.audio !== undefined || isSure)) this.lanes.useAudio(config, nowMs);
  }

  configure(config: AudioConfig): void {
    this.config = config;
    if (this.isChanging) this.clock.isDiscontinuityDue = this.feed.isOpen;
  }

  /** Frames that come belong to another encoding than the rendition's present one. */
  get isChanging(): boolean {
    const { audio } = this.lanes;
    return audio !== undefined && this.config !== undefined && !isSameConfig(audio.rendition.config, this.config);
  }

  /** The first sound of the stream came. Makes its rendition, or false: it has to wait for a slot of its own, or is unknown. */
  admit(nowMs: number): boolean {
    if (this.config !== undefined && !this.feed.isOpen) {
      this.lanes.useAudio(this.config, nowMs);
      return true;
    }
    if (this.config !== undefined) this.isLate = true;
    if (this.isLate) this.clock.isDiscontinuityDue = this.feed.isOpen;
    return false;
  }

  /** A slot opens, what leads having come to `endMs`: late or changed sound takes effect. */
  enterSlot(endMs: number, nowMs: number): void {
    const { audio } = this.lanes;
    if (this.config === undefined || !(audio === undefined ? this.isLate : this.isChanging)) return;
    audio?.finish(endMs);
    this.lanes.useAudio(this.config, nowMs);
  }
}
