import type { LadderRungState, LadderRungView, LadderView } from '../contract/ladder-view.ts';
import type { BudgetShare } from '../transcode/budget.ts';
import type { LadderPlan, QualityLevel } from '../transcode/ladder.ts';
import type { RungState, TranscodeNotice, TranscodeStats } from '../transcode/transcode-listener.ts';
import type { LadderTotals } from './ladder-totals.ts';

/** What is wanted of one broadcast. */
export interface LadderWishes {
  readonly mode: LadderView['mode'];
  readonly levels: readonly QualityLevel[];
  /** Names of rungs its key allows; undefined: all. */
  readonly allowed: readonly string[] | undefined;
  readonly plan: LadderPlan;
  readonly withheld: BudgetShare['withheld'];
  /** Names of rungs that nobody asks for. */
  readonly resting: readonly string[];
  readonly promisedCores: number;
}

interface RungRecord {
  state: RungState;
  why: string;
  /** When it was last counted. */
  frames: number;
  fps: number;
}

/** What has become of one broadcast's ladder, for whoever shows it; adds to what all of them have done. */
export class LadderStatus {
  private readonly totals: LadderTotals;
  private readonly rungs = new Map<string, RungRecord>();
  private droppedFrames = 0;
  private countedAtMs: number | undefined;
  private degradedWhy: string | undefined;

  constructor(totals: LadderTotals) {
    this.totals = totals;
  }

  rungState(name: string, state: RungState, why: string): void {
    const rung = this.rungs.get(name);
    if (rung === undefined) this.rungs.set(name, { state, why, frames: 0, fps: 0 });
    else Object.assign(rung, { state, why });
  }

  noticed(notice: TranscodeNotice): void {
    if (notice.type === 'failed' || notice.type === 'degraded') this.totals.restarts[notice.reason]++;
    if (notice.type === 'encoder-replaced') this.totals.restarts.encoder++;
    if (notice.type === 'degraded') this.degradedWhy = notice.why;
  }

  /** To be called about once a second while something is made, and once it is over. */
  count({ rungs, framesDropped }: TranscodeStats, nowMs: number): void {
    const seconds = this.countedAtMs === undefined ? undefined : (nowMs - this.countedAtMs) / 1000;
    this.countedAtMs = nowMs;
    for (const { name, frames } of rungs) {
      const record = this.rungs.get(name);
      if (record === undefined) continue;
      const newFrames = frames - record.frames;
      record.frames = frames;
      this.totals.addFrames(name, newFrames);
      if (seconds !== undefined && seconds > 0) record.fps = Math.round((newFrames / seconds) * 10) / 10;
    }
    this.totals.droppedFrames += framesDropped - this.droppedFrames;
    this.droppedFrames = framesDropped;
  }

  view(wishes: LadderWishes, stats: TranscodeStats): LadderView {
    const state = stats.state.toLowerCase() as Lowercase<TranscodeStats['state']>;
    return {
      mode: wishes.mode,
      state,
      why: state === 'degraded' ? (this.degradedWhy ?? null) : null,
      encoder: stats.encoder,
      promised_cores: Math.round(wishes.promisedCores * 1000) / 1000,
      speed: stats.speed ?? null,
      starts: stats.starts,
      failures: stats.failures,
      stalls: stats.stalls,
      dropped_frames: stats.framesDropped,
      rungs: [
        ...wishes.plan.rungs.map((rung) => this.rungView(rung, wishes, stats)),
        ...leftOut(wishes).map(([name, why]) => ({ ...nothing, name, state: 'left_out' as const, why })),
      ],
    };
  }

  private rungView(rung: LadderPlan['rungs'][number], wishes: LadderWishes, stats: TranscodeStats): LadderRungView {
    const { name, widthPixels: width, heightPixels: height, fps, bitrateBps } = rung;
    const found = stats.rungs.find((one) => one.name === name);
    const { state, why } = this.stateOf(name, wishes);
    const isMade = state === 'live' || state === 'recovering' || state === 'starting';
    return {
      ...{ name, state, why, width, height, fps: Math.round(fps * 1000) / 1000, bitrate_bps: bitrateBps },
      encoded_fps: isMade ? (this.rungs.get(name)?.fps ?? 0) : null,
      frames: found?.frames ?? 0,
      lag_ms: isMade && found !== undefined ? Math.round(found.lagMs) : null,
    };
  }

  private stateOf(name: string, { withheld, resting }: LadderWishes): { state: LadderRungState; why: string | null } {
    const refusal = withheld.find((one) => one.name === name);
    if (refusal !== undefined) return { state: 'withheld', why: refusal.why };
    if (resting.includes(name)) return { state: 'resting', why: 'nobody watches it' };
    const known = this.rungs.get(name);
    if (known === undefined) return { state: 'planned', why: null };
    const { state, why } = known;
    return { state, why: state === 'live' || state === 'starting' ? null : why };
  }
}

const nothing = {
  ...{ width: null, height: null, fps: null, bitrate_bps: null },
  ...{ encoded_fps: null, frames: 0, lag_ms: null },
};

/** Rungs that are not made although they are configured, or that the key names although they are not. */
function leftOut({ levels, allowed, plan }: LadderWishes): [name: string, why: string][] {
  const configured = levels
    .filter(({ name }) => !plan.rungs.some((rung) => rung.name === name))
    .map(({ name }): [string, string] => [name, whyLeftOut(name, allowed)]);
  const unknown = (allowed ?? [])
    .filter((name) => !levels.some((level) => level.name === name))
    .map((name): [string, string] => [name, "the broadcast's key names it, and ladder.rungs has no such rung"]);
  return [...configured, ...unknown];
}

function whyLeftOut(name: string, allowed: readonly string[] | undefined): string {
  if (allowed !== undefined && !allowed.includes(name)) return "it is not among the rungs of the broadcast's key";
  return 'it would hardly be smaller than the source, in size or in bit rate';
}
