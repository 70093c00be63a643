import type { AccessUnit } from '../media/track.ts';

/** A frame of the source, kept. Times are stream time. */
export interface CachedFrame {
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly isSync: boolean;
  /** Its own copy, never changed. */
  readonly data: Uint8Array;
}

/**
 * The newest frames of the source, from a keyframe on: what an ffmpeg that starts again has to decode. Bounded in bytes; when a
 * single GOP is larger than that, nothing is kept until the next keyframe.
 */
export class GopCache {
  private readonly maxBytes: number;
  private kept: CachedFrame[] = [];
  private keptBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** In decode order; the first is a keyframe. Empty before the first keyframe. */
  get frames(): readonly CachedFrame[] {
    return this.kept;
  }

  get sizeBytes(): number {
    return this.keptBytes;
  }

  get durationMs(): number {
    return this.kept.length === 0 ? 0 : this.kept.at(-1)!.dtsMs - this.kept[0]!.dtsMs;
  }

  /** Copies the unit, and keeps it if it can. */
  add(unit: AccessUnit): CachedFrame {
    const { dtsMs, isSync } = unit;
    const frame = { dtsMs, ptsMs: dtsMs + unit.compositionOffsetMs, isSync, data: unit.data.slice() };
    if (this.kept.length === 0 && !isSync) return frame;
    this.kept.push(frame);
    this.keptBytes += frame.data.length;
    while (this.keptBytes > this.maxBytes) this.dropBefore(this.nextKeyIndex(1));
    return frame;
  }

  /** Lets go of the GOPs that end before the one in which `ptsMs` is shown. */
  release(ptsMs: number): void {
    let keep = 0;
    for (let key = this.nextKeyIndex(1); key < this.kept.length && this.kept[key]!.ptsMs <= ptsMs; ) {
      keep = key;
      key = this.nextKeyIndex(key + 1);
    }
    this.dropBefore(keep);
  }

  keepNewestGop(): void {
    this.dropBefore(
      Math.max(
        0,
        this.kept.findLastIndex((frame) => frame.isSync),
      ),
    );
  }

  clear(): void {
    this.dropBefore(this.kept.length);
  }

  /** The PTS shown next after `ptsMs`; undefined while a frame that is still to come might be shown before it. */
  firstAfter(ptsMs: number): number | undefined {
    const newestDtsMs = this.kept.at(-1)?.dtsMs ?? Number.NEGATIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const frame of this.kept) {
      if (frame.ptsMs > ptsMs && frame.ptsMs < nextMs) nextMs = frame.ptsMs;
    }
    return nextMs <= newestDtsMs ? nextMs : undefined;
  }

  /** PTS of the first keyframe shown after `ptsMs`. */
  firstKeyAfter(ptsMs: number): number | undefined {
    return this.kept.find((frame) => frame.isSync && frame.ptsMs > ptsMs)?.ptsMs;
  }

  /** The end where there is none. */
  private nextKeyIndex(from: number): number {
    const index = this.kept.findIndex((frame, at) => at >= from && frame.isSync);
    return index === -1 ? this.kept.length : index;
  }

  private dropBefore(index: number): void {
    if (index === 0) return;
    for (const frame of this.kept.splice(0, index)) this.keptBytes -= frame.data.length;
  }
}
