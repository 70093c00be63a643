import { StreamctlError } from '../base/errors.ts';

const smallestClass = 12; // 4 KiB
const largestClass = 24;

/**
 * Buffers in which messages are put together, shared by all connections of a server. Sizes are powers of two.
 * `limitBytes` bounds what is lent out at one moment; up to `keepBytes` of what came back is kept for the next message.
 */
export class MessageBuffers {
  readonly limitBytes: number;
  private readonly keepBytes: number;
  private readonly free = new Map<number, Uint8Array[]>();
  private freeBytes = 0;
  private lent = 0;
  private peak = 0;

  constructor(options: { readonly limitBytes: number; readonly keepBytes: number }) {
    this.limitBytes = options.limitBytes;
    this.keepBytes = options.keepBytes;
  }

  get lentBytes(): number {
    return this.lent;
  }

  get peakLentBytes(): number {
    return this.peak;
  }

  /** A buffer of at least `sizeBytes`, with old content. Throws RTMP_MEMORY_BUDGET when the limit is reached. */
  take(sizeBytes: number): Uint8Array {
    const sizeClass = Math.max(smallestClass, 32 - Math.clz32(sizeBytes - 1));
    if (sizeClass > largestClass || this.lent + (1 << sizeClass) > this.limitBytes) {
      throw new StreamctlError('RTMP_MEMORY_BUDGET', { limitBytes: this.limitBytes });
    }
    this.lent += 1 << sizeClass;
    if (this.lent > this.peak) this.peak = this.lent;
    const kept = this.free.get(sizeClass)?.pop();
    if (kept === undefined) return new Uint8Array(1 << sizeClass);
    this.freeBytes -= kept.length;
    return kept;
  }

  /** Takes a lent buffer back: nobody may use it afterwards. */
  give(buffer: Uint8Array): void {
    this.lent -= buffer.length;
    if (this.freeBytes + buffer.length > this.keepBytes) return;
    this.freeBytes += buffer.length;
    const sizeClass = 31 - Math.clz32(buffer.length);
    const list = this.free.get(sizeClass);
    if (list === undefined) this.free.set(sizeClass, [buffer]);
    else list.push(buffer);
  }
}
