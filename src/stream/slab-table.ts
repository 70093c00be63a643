import type { PartHolder } from './part-memory.ts';
import type { SlabListener } from './slab-pool.ts';

/** Where a part's bytes lie: what crosses threads in place of the bytes. */
export interface SlabRange {
  readonly slab: number;
  readonly offset: number;
  readonly length: number;
}

interface KnownSlab {
  readonly id: number;
  readonly buffer: SharedArrayBuffer;
  readers: number;
  isSealed: boolean;
}

/** The slabs as a reading thread knows them: turns ranges into bytes, and tells when nothing reads a slab any more. */
export class SlabTable implements PartHolder, SlabListener {
  private readonly byId = new Map<number, KnownSlab>();
  private readonly byBuffer = new Map<ArrayBufferLike, KnownSlab>();
  private readonly onUnused: (id: number) => void;

  /** `onUnused` is called once for every slab that was opened, after it was sealed. */
  constructor(onUnused: (id: number) => void) {
    this.onUnused = onUnused;
  }

  /** Slabs that something here still reads, or may come to read. */
  get openSlabs(): Iterable<{ readonly id: number; readonly buffer: SharedArrayBuffer; readonly isSealed: boolean }> {
    return this.byId.values();
  }

  /** Memory of those slabs. */
  get sizeBytes(): number {
    let sum = 0;
    for (const { buffer } of this.byId.values()) sum += buffer.byteLength;
    return sum;
  }

  slabOpened(id: number, buffer: SharedArrayBuffer): void {
    const slab: KnownSlab = { id, buffer, readers: 0, isSealed: false };
    this.byId.set(id, slab);
    this.byBuffer.set(buffer, slab);
  }

  slabSealed(id: number): void {
    const slab = this.byId.get(id);
    if (slab === undefined) return;
    slab.isSealed = true;
    this.leaveIfUnused(slab);
  }

  /** Throws for a slab that was not opened: the feed is broken, and no bytes are better than wrong ones. */
  bytesOf({ slab, offset, length }: SlabRange): Uint8Array {
    const known = this.byId.get(slab);
    if (known === undefined) throw new Error(`slab ${slab} is not open`);
    return new Uint8Array(known.buffer, offset, length);
  }

  /** Throws for bytes that lie in no slab. */
  rangeOf({ buffer, byteOffset: offset, length }: Uint8Array): SlabRange {
    const slab = this.byBuffer.get(buffer);
    if (slab === undefined) throw new Error('these bytes lie in no open slab');
    return { slab: slab.id, offset, length };
  }

  retain({ buffer }: Uint8Array): void {
    const slab = this.byBuffer.get(buffer);
    if (slab !== undefined) slab.readers++;
  }

  release({ buffer }: Uint8Array): void {
    const slab = this.byBuffer.get(buffer);
    if (slab === undefined) return;
    slab.readers--;
    this.leaveIfUnused(slab);
  }

  private leaveIfUnused(slab: KnownSlab): void {
    if (!slab.isSealed || slab.readers > 0) return;
    this.byId.delete(slab.id);
    this.byBuffer.delete(slab.buffer);
    this.onUnused(slab.id);
  }
}
