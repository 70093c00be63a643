import { type ProcessActivity, readProcessActivity } from './process-activity.ts';

/** Nothing has come out although this much was fed since, for at least this long: it hangs. */
const stallFrames = 30;
const stallMs = 1000;
/** So early the system is asked what the process does. */
const doubtFrames = 8;
const doubtMs = 300;

/**
 * Tells an ffmpeg that hangs from one that is slow, or has nothing to do. What is stopped, or neither wants the processor nor has used any
 * for a while, need not be waited for as long as what works on a busy machine.
 */
export class StallWatch {
  private readonly activityOf: (pid: number) => ProcessActivity | undefined;
  /** Until the first frame is out. */
  private readonly startLimitMs: number;
  private hasOutput = false;
  private framesSinceOutput = 0;
  private fedSinceOutputAtMs = 0;
  private doubt: { readonly atMs: number; readonly cpuTicks: number } | undefined;

  constructor(startLimitMs: number, activityOf = readProcessActivity) {
    this.startLimitMs = startLimitMs;
    this.activityOf = activityOf;
  }

  /** A frame went in. */
  fed(nowMs: number): void {
    if (this.framesSinceOutput++ === 0) this.fedSinceOutputAtMs = nowMs;
  }

  /** A frame came out. */
  gave(): void {
    this.hasOutput = true;
    this.framesSinceOutput = 0;
    this.doubt = undefined;
  }

  /** Whether it takes frames and gives none. Only what is fed to it can tell. */
  isStalled(nowMs: number, pid: number | undefined): boolean {
    const { framesSinceOutput, hasOutput } = this;
    const silentMs = nowMs - this.fedSinceOutputAtMs;
    if (framesSinceOutput >= stallFrames && silentMs >= (hasOutput ? stallMs : this.startLimitMs)) return true;
    const isDoubtful = hasOutput && framesSinceOutput >= doubtFrames && silentMs >= doubtMs;
    return isDoubtful && pid !== undefined && this.isIdle(nowMs, pid);
  }

  private isIdle(nowMs: number, pid: number): boolean {
    const { doubt } = this;
    if (doubt !== undefined && nowMs - doubt.atMs < doubtMs) return false;
    const activity = this.activityOf(pid);
    if (activity === undefined) return false;
    const { state, cpuTicks } = activity;
    if (state === 'stopped') return true;
    const isAtRest = state === 'waiting' && doubt?.cpuTicks === cpuTicks;
    this.doubt = { atMs: nowMs, cpuTicks };
    return isAtRest;
  }
}
