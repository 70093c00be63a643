/**
 * How long the media thread rests after a turn that brought media. A wake costs more than what one read brings: with 20 publishers,
 * rests of 25 ms take a third off the thread's work, for 25 ms at most that a part waits. `npm run bench -- ingest` shows it.
 */
export const mediaRestMs = 25;

/** Nobody ever wakes it: the rest is over when its time is. */
const alarm = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * One turn of the event loop in which media comes. What it brings goes out together at its end; then the thread rests, if it may, so that
 * the next turn finds more in the sockets.
 */
export class MediaTurn {
  /** All rests so far, ms. */
  restedMs = 0;
  private readonly restMs: number;
  private readonly atEnd: () => void;
  private isEndDue = false;
  private isRestDue = false;
  private isCrowded = false;

  /** `restMs` 0: never, in a thread that others share. */
  constructor(restMs: number, atEnd: () => void) {
    this.restMs = restMs;
    this.atEnd = atEnd;
  }

  /** Something is to go out. */
  endLater(): void {
    if (this.isEndDue) return;
    this.isEndDue = true;
    setImmediate(() => this.end());
  }

  /** Media has come, and more will. */
  restLater(): void {
    if (this.restMs === 0) return;
    this.isRestDue = true;
    this.endLater();
  }

  /**
   * A connection was accepted. A turn accepts one of those that wait (libuv, since 1.45), so there is no rest before the next: with one, a
   * broadcast that runs would let only forty others a second come in.
   */
  accepted(): void {
    this.isCrowded = true;
  }

  private end(): void {
    this.isEndDue = false;
    this.atEnd();
    const mayRest = this.isRestDue && !this.isCrowded;
    this.isRestDue = false;
    this.isCrowded = false;
    if (!mayRest) return;
    const beganMs = performance.now();
    Atomics.wait(alarm, 0, 0, this.restMs);
    this.restedMs += performance.now() - beganMs;
  }
}
