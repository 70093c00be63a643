/** Where whoever makes the parts of one stream gets the memory for them. */
export interface PartAllocator {
  /** Memory of exactly this size for one part; it may hold old bytes, all of it is to be written. */
  allocate(lengthBytes: number): Uint8Array;
  /** The part was handed on, or never will be: its maker needs the bytes no more. */
  done(bytes: Uint8Array): void;
  /** No more parts will be made. */
  close(): void;
}

/** Counts who still reads the bytes of a part: a window that lists it, an answer that is being sent. */
export interface PartHolder {
  retain(bytes: Uint8Array): void;
  release(bytes: Uint8Array): void;
}

/** Memory that the garbage collector looks after: for one process that is not in a hurry. */
export const collectedMemory: PartAllocator & PartHolder = {
  allocate: (lengthBytes) => new Uint8Array(lengthBytes),
  done() {},
  close() {},
  retain() {},
  release() {},
};
