import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { gridCell, type KeyframeGrid } from './keyframe-grid.ts';
import type { PlannedRung } from './ladder.ts';
import type { RungState, RungStats, TranscodeListener } from './transcode-listener.ts';

interface Rung {
  state: RungState;
  /** PTS of its newest frame, stream time. */
  reachedMs: number | undefined;
  record: Uint8Array | undefined;
  frames: number;
  bytes: number;
}

/** What has become of each rung, over all ffmpegs; tells the listener what is new about it. */
export class RungTable {
  private readonly listener: TranscodeListener;
  private readonly rungs = new Map<string, Rung>();

  constructor(listener: TranscodeListener) {
    this.listener = listener;
  }

  /** These are to be made: new ones are starting, all others withdrawn, for the reason `whyNot` gives. */
  want(planned: readonly PlannedRung[], whyNot: (name: string) => string): void {
    const names = new Set(planned.map((rung) => rung.name));
    for (const name of this.rungs.keys()) {
      if (!names.has(name)) this.setState(name, 'withdrawn', whyNot(name));
    }
    for (const name of names) {
      if (!this.rungs.has(name)) {
        this.rungs.set(name, { state: 'withdrawn', reachedMs: undefined, record: undefined, frames: 0, bytes: 0 });
      }
      if (this.rungs.get(name)?.state === 'withdrawn') this.setState(name, 'starting', 'wanted');
    }
  }

  /** Those that are made come from a new ffmpeg soon. */
  recover(why: string): void {
    for (const [name, rung] of this.rungs) {
      if (rung.state === 'live') this.setState(name, 'recovering', why);
    }
  }

  withdrawAll(why: string): void {
    for (const name of this.rungs.keys()) this.setState(name, 'withdrawn', why);
  }

  /** Nothing has come out so far. */
  forget(): void {
    for (const rung of this.rungs.values()) {
      rung.state = 'withdrawn';
      rung.reachedMs = undefined;
      rung.record = undefined;
    }
  }

  /** PTS of its newest frame. */
  reachedMs(name: string): number | undefined {
    return this.rungs.get(name)?.reachedMs;
  }

  /** It has given nothing since it was wanted, or wanted again. */
  isStarting(name: string): boolean {
    return this.rungs.get(name)?.state === 'starting';
  }

  /** Up to where all of these have come; −∞ while one has not begun. */
  slowestMs(planned: readonly PlannedRung[]): number {
    let slowestMs = Number.POSITIVE_INFINITY;
    for (const { name } of planned) {
      slowestMs = Math.min(slowestMs, this.rungs.get(name)?.reachedMs ?? Number.NEGATIVE_INFINITY);
    }
    return slowestMs;
  }

  config(planned: PlannedRung, config: VideoConfig): void {
    const rung = this.rungs.get(planned.name);
    if (rung === undefined || (rung.record !== undefined && equalBytes(rung.record, config.record))) return;
    rung.record = config.record;
    if (config.codecString !== planned.codecString) {
      const { name, codecString: promised } = planned;
      this.listener.notice({ type: 'unexpected-codec', rung: name, promised, found: config.codecString });
    }
    this.listener.rungConfig(planned.name, config);
  }

  /** `grid`: where keyframes were asked for; undefined: where the source has them. */
  frame(name: string, unit: AccessUnit, grid: KeyframeGrid | undefined): void {
    const rung = this.rungs.get(name);
    const ptsMs = unit.dtsMs + unit.compositionOffsetMs;
    if (rung === undefined || (rung.reachedMs !== undefined && ptsMs <= rung.reachedMs)) return;
    const isShared = unit.isSync && (grid === undefined || beginsCell(grid, ptsMs, rung.reachedMs));
    rung.reachedMs = ptsMs;
    rung.frames++;
    rung.bytes += unit.data.length;
    if (rung.state === 'starting' || rung.state === 'recovering') this.setState(name, 'live', 'frames come out');
    this.listener.rungFrame(name, unit, isShared);
  }

  stats(lagMs: (name: string) => number): RungStats[] {
    return [...this.rungs].map(([name, { state, frames, bytes }]) => ({
      name,
      state,
      frames,
      bytes,
      lagMs: lagMs(name),
    }));
  }

  private setState(name: string, state: RungState, why: string): void {
    const rung = this.rungs.get(name);
    if (rung === undefined || rung.state === state) return;
    rung.state = state;
    this.listener.rungState(name, state, why);
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function beginsCell(grid: KeyframeGrid, ptsMs: number, beforeMs: number | undefined): boolean {
  return beforeMs === undefined || gridCell(grid, ptsMs) > gridCell(grid, beforeMs);
}
