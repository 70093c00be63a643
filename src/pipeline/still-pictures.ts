import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import type { Ffmpeg } from '../transcode/ffmpeg-lookup.ts';
import { drawStill, type StillSource } from '../transcode/still-picture.ts';

/** Short side of all thumbnails: a card on a page of twice the pixels. */
export const thumbnailShortSidePixels = 360;

/**
 * Of the time of one core, what pictures may take together. Measured by the clock, so that a busy machine, where each takes longer,
 * has fewer: on an idle one 100 broadcasts have a new one every minute.
 */
const timeShare = 0.2;

/** Keyframes that wait for their turn; beyond, a broadcast tries again with its next one. */
const maxWaiting = 4;

interface Wish {
  readonly source: StillSource;
  readonly deliver: (jpeg: Uint8Array) => void;
}

/** Draws keyframes of broadcasts that no ladder draws: one at a time on the whole node. */
export class StillPictures {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly signal: AbortSignal;
  private ffmpeg: Ffmpeg | undefined;
  /** By broadcast, in order. */
  private readonly wishes = new Map<string, Wish>();
  private isResting = false;

  /** After `signal` nothing is drawn any more. */
  constructor(clock: Clock, log: Log, signal: AbortSignal) {
    this.clock = clock;
    this.log = log;
    this.signal = signal;
  }

  /** From now on pictures can be made. */
  use(ffmpeg: Ffmpeg): void {
    this.ffmpeg = ffmpeg;
  }

  get isPossible(): boolean {
    return this.ffmpeg !== undefined;
  }

  /** Whether another keyframe can wait for its turn, and none of this broadcast does. */
  hasRoomFor(id: string): boolean {
    return this.isPossible && this.wishes.size < maxWaiting && !this.wishes.has(id);
  }

  /** `deliver` gets the picture some time later, or never. Takes the keyframe's bytes over. */
  draw(id: string, source: StillSource, deliver: (jpeg: Uint8Array) => void): void {
    this.wishes.set(id, { source, deliver });
    this.next();
  }

  private next(): void {
    const { ffmpeg, signal } = this;
    const [first] = this.wishes;
    if (first === undefined || ffmpeg === undefined || this.isResting || signal.aborted) return;
    this.isResting = true;
    const [id, wish] = first;
    this.wishes.delete(id);
    void this.make(ffmpeg, id, wish);
  }

  private async make(ffmpeg: Ffmpeg, id: string, { source, deliver }: Wish): Promise<void> {
    const { clock, signal } = this;
    const beganMs = clock.monotonicMs();
    const made = await drawStill(ffmpeg, source, { shortSidePixels: thumbnailShortSidePixels, signal });
    if (signal.aborted) return;
    if ('jpeg' in made) deliver(made.jpeg);
    else this.log.debug({ stream: id, why: made.why }, 'no thumbnail of this keyframe');
    const tookMs = clock.monotonicMs() - beganMs;
    clock.after(tookMs * (1 / timeShare - 1), () => {
      this.isResting = false;
      this.next();
    });
  }
}
