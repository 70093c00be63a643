/** What ffmpeg says of itself once a second (`-progress`). For display: decisions are taken by our own measurements. */
export interface FfmpegProgress {
  /** Encoded into the first output. */
  readonly frames: number;
  /** Media time by real time since the start; undefined while ffmpeg does not know. */
  readonly speed: number | undefined;
}

/** Collects the key=value lines up to `progress=…`, which ends a report. */
export class ProgressReader {
  private readonly onProgress: (progress: FfmpegProgress) => void;
  private values = new Map<string, string>();

  constructor(onProgress: (progress: FfmpegProgress) => void) {
    this.onProgress = onProgress;
  }

  line(line: string): void {
    const at = line.indexOf('=');
    if (at <= 0) return;
    const key = line.slice(0, at);
    if (key !== 'progress') {
      if (key === 'frame' || key === 'speed') this.values.set(key, line.slice(at + 1).trim());
      return;
    }
    const speed = Number.parseFloat(this.values.get('speed') ?? '');
    this.onProgress({
      frames: Number.parseInt(this.values.get('frame') ?? '0', 10) || 0,
      speed: Number.isFinite(speed) ? speed : undefined,
    });
    this.values.clear();
  }
}
