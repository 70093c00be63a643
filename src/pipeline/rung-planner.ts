import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { type CostModel, costsWith } from '../transcode/cost-model.ts';
import type { EncoderName } from '../transcode/encoder-options.ts';
import { displaySize, type LadderPlan, type PlannedRung, planLadder, type QualityLevel } from '../transcode/ladder.ts';
import { isBetter } from './planned-renditions.ts';
import { SourceMeter } from './source-meter.ts';
import { type Lead, shortSideOf } from './source-route.ts';

/** Plans the rungs of one broadcast, from what its source is, what its key allows and what encoding costs. */
export class RungPlanner {
  /** Names of rungs that may be made; undefined: all. */
  allowed: readonly string[] | undefined;
  /** When the processor encodes; undefined while nothing can be made. */
  costs: CostModel | undefined;
  encoder: EncoderName = 'x264';
  private readonly levels: readonly QualityLevel[];
  private meter = new SourceMeter();
  private config: VideoConfig | undefined;
  private current: LadderPlan | undefined;

  constructor(levels: readonly QualityLevel[]) {
    this.levels = levels;
  }

  /** The newest plan; undefined while the source is not known well enough. */
  get plan(): LadderPlan | undefined {
    return this.current;
  }

  /** How the source is encoded. */
  get source(): VideoConfig | undefined {
    return this.config;
  }

  get sourceFps(): number {
    return this.meter.measured?.fps ?? 30;
  }

  /** True when it is another source than before. */
  setSource(config: VideoConfig): boolean {
    const before = this.config;
    this.config = config;
    if (before === undefined || Buffer.compare(before.record, config.record) === 0) return false;
    this.beginAnew();
    return true;
  }

  /** Nothing is known of the source. */
  beginAnew(): void {
    this.meter = new SourceMeter();
    this.current = undefined;
  }

  /** The next plan is to be carried out whatever it is. */
  forget(): void {
    this.current = undefined;
  }

  /** A frame of the source. True when more is known of it. */
  measure(unit: AccessUnit): boolean {
    return this.meter.add(unit);
  }

  /** Makes a plan; true when there is one worth to go over to. `needsLead`: the source itself is not offered. */
  make(needsLead: boolean, lead: Lead | undefined): boolean {
    const { config, meter, costs, encoder, allowed, current } = this;
    if (config === undefined || meter.measured === undefined || costs === undefined) return false;
    const source = { ...displaySize(config), ...meter.measured, codec: config.codec, isPassthrough: !needsLead };
    const levels = this.levels.filter(({ name }) => allowed?.includes(name) ?? true);
    const plan = planLadder({ source, levels, lead, costs: costsWith(encoder, costs) });
    if (current !== undefined && !isBetter(plan, current)) return false;
    this.current = plan;
    return true;
  }

  /** Cores that these rungs take. */
  costCores(rungs: readonly PlannedRung[]): number {
    if (this.current === undefined || rungs.length === 0) return 0;
    return rungs.reduce((sum, { costCores }) => sum + costCores, this.current.decodeCostCores);
  }

  /** Whether the rung can stand in the source's place: nothing is withheld that would be nearer to it. */
  isBest(top: PlannedRung): boolean {
    const sourceHeight = this.config === undefined ? 0 : shortSideOf(this.config);
    const isNearer = ({ heightPixels: height }: QualityLevel) => height > top.heightPixels && height <= sourceHeight;
    return top === this.current?.rungs[0] && !this.levels.some(isNearer);
  }
}
