import { type FragmentSample, writeFragment } from '../media/mp4/fragment-writer.ts';
import type { PartAllocator } from '../stream/part-memory.ts';

/** A sample whose duration may still change while its part is open. */
interface OpenSample extends FragmentSample {
  sizeBytes: number;
  durationTicks: number;
  compositionOffsetTicks: number;
  isSync: boolean;
}

/**
 * Collects the samples of one part. Their bytes are copied once, on arrival, into a scratch that is reused for every part
 * of the track, and once more into the exactly sized CMAF chunk that all viewers share.
 */
export class PartWriter {
  private readonly kind: 'video' | 'audio';
  private readonly memory: PartAllocator;
  private scratch = new Uint8Array(64 * 1024);
  private usedBytes = 0;
  private readonly pool: OpenSample[] = [];
  private count = 0;
  private sequenceNumber = 0;

  constructor(kind: 'video' | 'audio', memory: PartAllocator) {
    this.kind = kind;
    this.memory = memory;
  }

  get sampleCount(): number {
    return this.count;
  }

  get startsWithSync(): boolean {
    return this.count > 0 && this.pool[0]!.isSync;
  }

  add(data: Uint8Array, durationTicks: number, compositionOffsetTicks: number, isSync: boolean): void {
    const end = this.usedBytes + data.length;
    if (end > this.scratch.length) {
      const grown = new Uint8Array(Math.max(end, this.scratch.length * 2));
      grown.set(this.scratch.subarray(0, this.usedBytes));
      this.scratch = grown;
    }
    this.scratch.set(data, this.usedBytes);
    this.usedBytes = end;
    let sample = this.pool[this.count];
    if (sample === undefined) {
      sample = { sizeBytes: 0, durationTicks: 0, compositionOffsetTicks: 0, isSync: false };
      this.pool.push(sample);
    }
    sample.sizeBytes = data.length;
    sample.durationTicks = durationTicks;
    sample.compositionOffsetTicks = compositionOffsetTicks;
    sample.isSync = isSync;
    this.count++;
  }

  setLastDuration(durationTicks: number): void {
    this.pool[this.count - 1]!.durationTicks = durationTicks;
  }

  /** The chunk of all samples so far; the writer is empty afterwards. `producerWallMs` starts a segment (styp, prft). */
  cut(baseDecodeTimeTicks: number, producerWallMs: number | undefined): Uint8Array {
    const producerReferenceTime = { ntpWallMs: producerWallMs ?? 0, mediaTimeTicks: baseDecodeTimeTicks };
    const chunk = writeFragment(
      {
        sequenceNumber: ++this.sequenceNumber,
        baseDecodeTimeTicks,
        kind: this.kind,
        samples: this.pool.slice(0, this.count),
        sampleBytes: this.scratch.subarray(0, this.usedBytes),
        ...(producerWallMs === undefined ? {} : { segmentStart: { producerReferenceTime } }),
      },
      this.memory.allocate,
    );
    this.clear();
    return chunk;
  }

  clear(): void {
    this.usedBytes = 0;
    this.count = 0;
  }
}
