import type { PartAllocator } from './part-memory.ts';
import type { SlabRange } from './slab-table.ts';

/** Who hears of slabs: every reader of parts, before the parts that lie in them. */
export interface SlabListener {
  /** Parts will come that lie in this slab. */
  slabOpened(id: number, buffer: SharedArrayBuffer): void;
  /** All parts of the slab have been handed on: when their readers are done with them it can be used again. */
  slabSealed(id: number): void;
}

/** A slab holds parts of one stream only, one behind the other, so that all of it is given up at about the same time. */
const slabBytes = 1 << 20;
/** Of free slabs, what a trim leaves in any case: a share of those in use, and so many. */
const sparePerUsed = 0.25;
const leastSpare = 16;

interface Slab {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly buffer: SharedArrayBuffer;
  usedBytes: number;
  /** Parts whose maker is not done with them. */
  inMaking: number;
  isOpen: boolean;
}

/**
 * Memory for parts, shared by all threads and used again and again: what the garbage collector would have to find, map and
 * clear at the rate of all broadcasts together, is given back explicitly. Slabs are never read here.
 */
export class SlabPool {
  private readonly listener: SlabListener;
  private readonly slabs = new Map<number, Slab>();
  private readonly byBuffer = new Map<ArrayBufferLike, Slab>();
  private readonly spare: Slab[] = [];
  private nextId: number;
  private allBytes = 0;
  /** Free slabs that nobody needed since the last trim. */
  private neverNeeded = 0;

  /** `firstId`: above all ids that any earlier pool has used with the same readers. */
  constructor(listener: SlabListener, firstId = 1) {
    this.listener = listener;
    this.nextId = firstId;
  }

  /** Memory in slabs, in use and spare. */
  get sizeBytes(): number {
    return this.allBytes;
  }

  /** Memory for the parts of one stream. */
  allocator(): PartAllocator {
    let current: Slab | undefined;
    return {
      allocate: (lengthBytes) => {
        if (current === undefined || current.usedBytes + lengthBytes > current.bytes.length) {
          if (current !== undefined) this.seal(current);
          current = this.open(lengthBytes);
        }
        const start = current.usedBytes;
        current.usedBytes += lengthBytes;
        current.inMaking++;
        return current.bytes.subarray(start, current.usedBytes);
      },
      done: ({ buffer }) => {
        const slab = this.slabOf(buffer);
        slab.inMaking--;
        this.sealIfMade(slab);
      },
      close: () => {
        if (current !== undefined) this.seal(current);
        current = undefined;
      },
    };
  }

  /** Where a part lies. Throws for bytes of another pool. */
  rangeOf({ buffer, byteOffset: offset, length }: Uint8Array): SlabRange {
    return { slab: this.slabOf(buffer).id, offset, length };
  }

  /** Every reader is done with the slab: the next stream gets it. One of another size is of use to nobody. */
  slabFreed(id: number): void {
    const slab = this.slabs.get(id);
    if (slab === undefined) return;
    if (slab.bytes.length === slabBytes) this.spare.push(slab);
    else this.drop(slab);
  }

  /**
   * Drops free slabs that nobody has needed since the last time, and gives how many bytes that were. To be called now and then, in
   * bulk: a slab's memory is back only when each thread that has seen it collects its garbage, and nothing urges them to.
   */
  trim(): number {
    const inUse = this.slabs.size - this.spare.length;
    const kept = Math.ceil(Math.max(leastSpare, inUse * sparePerUsed));
    const dropped = this.spare.splice(0, Math.max(0, Math.min(this.neverNeeded, this.spare.length - kept)));
    for (const slab of dropped) this.drop(slab);
    this.neverNeeded = this.spare.length;
    return dropped.length * slabBytes;
  }

  private drop(slab: Slab): void {
    this.slabs.delete(slab.id);
    this.byBuffer.delete(slab.buffer);
    this.allBytes -= slab.bytes.length;
  }

  private slabOf(buffer: ArrayBufferLike): Slab {
    const slab = this.byBuffer.get(buffer);
    if (slab === undefined) throw new Error('these bytes lie in no slab of this pool');
    return slab;
  }

  private open(lengthBytes: number): Slab {
    const slab = (lengthBytes <= slabBytes ? this.spare.pop() : undefined) ?? this.create(lengthBytes);
    this.neverNeeded = Math.min(this.neverNeeded, this.spare.length);
    slab.usedBytes = 0;
    slab.isOpen = true;
    this.listener.slabOpened(slab.id, slab.buffer);
    return slab;
  }

  private create(lengthBytes: number): Slab {
    const buffer = new SharedArrayBuffer(Math.ceil(lengthBytes / slabBytes) * slabBytes);
    // Typed as ordinary memory, which all the writers of media take; nobody reads a part before it is whole.
    const bytes = new Uint8Array(buffer) as Uint8Array as Uint8Array<ArrayBuffer>;
    const slab: Slab = { id: this.nextId++, bytes, buffer, usedBytes: 0, inMaking: 0, isOpen: true };
    this.slabs.set(slab.id, slab);
    this.byBuffer.set(buffer, slab);
    this.allBytes += buffer.byteLength;
    return slab;
  }

  private seal(slab: Slab): void {
    slab.isOpen = false;
    this.sealIfMade(slab);
  }

  /** A part may be held back long after the slab was full: it is sealed when all of them are out. */
  private sealIfMade(slab: Slab): void {
    if (!slab.isOpen && slab.inMaking === 0) this.listener.slabSealed(slab.id);
  }
}
