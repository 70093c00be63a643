import type { AccessUnit } from '../media/track.ts';

/** What of a source only its frames tell. */
export interface MeasuredSource {
  readonly fps: number;
  /** The most in any interval so far: a broadcast often begins with a still picture. */
  readonly bitrateBps: number;
}

/** The first look comes before the first segment is complete, so that viewers learn of all renditions at once. */
const firstIntervalMs = 1000;
const intervalMs = 5000;

/** Measures the video of a source by its own time. */
export class SourceMeter {
  measured: MeasuredSource | undefined;
  private startMs: number | undefined;
  private newestMs = 0;
  private frames = 0;
  private bytes = 0;

  /** True when `measured` is new. Audio is passed over. */
  add(unit: AccessUnit): boolean {
    if (unit.kind !== 'video') return false;
    this.startMs ??= unit.dtsMs;
    this.newestMs = unit.dtsMs;
    const elapsedMs = this.newestMs - this.startMs;
    if (elapsedMs >= (this.measured === undefined ? firstIntervalMs : intervalMs)) {
      this.complete(elapsedMs);
      this.startMs = unit.dtsMs;
    }
    this.frames++;
    this.bytes += unit.data.length;
    return this.frames === 1 && this.measured !== undefined;
  }

  private complete(elapsedMs: number): void {
    const bitrateBps = Math.round((this.bytes * 8000) / elapsedMs);
    this.measured = {
      fps: this.measured?.fps ?? Math.round((this.frames * 100_000) / elapsedMs) / 100,
      bitrateBps: Math.max(bitrateBps, this.measured?.bitrateBps ?? 0),
    };
    this.frames = 0;
    this.bytes = 0;
  }
}
