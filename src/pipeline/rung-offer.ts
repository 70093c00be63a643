import type { VideoConfig } from '../media/track.ts';
import type { RungSink } from '../stream/media-sink.ts';
import type { PlannedRung } from '../transcode/ladder.ts';
import { plannedRendition } from './planned-renditions.ts';
import type { RungDemand } from './rung-demand.ts';
import type { RungPlanner } from './rung-planner.ts';
import type { SourceRoute } from './source-route.ts';

/** What viewers of one broadcast are told of its rungs: planned, there, resting, withdrawn. */
export class RungOffer {
  /** Those that are made, best first. */
  rungs: readonly PlannedRung[] = [];
  private readonly route: SourceRoute;
  private readonly planner: RungPlanner;
  private readonly demand: RungDemand | undefined;
  /** Nobody is offered them until frames come again. */
  private readonly withdrawn = new Set<string>();
  private readonly configs = new Map<string, VideoConfig>();

  constructor(route: SourceRoute, planner: RungPlanner, demand: RungDemand | undefined) {
    this.route = route;
    this.planner = planner;
    this.demand = demand;
  }

  includes(name: string): boolean {
    return this.rungs.some((rung) => rung.name === name);
  }

  /** Whether frames of this source's rung have come. */
  isKnown(name: string): boolean {
    return this.configs.has(name);
  }

  /** Whether it is to be made now. */
  isAsked(name: string): boolean {
    return this.demand?.isAsked(name) ?? true;
  }

  /** Whether viewers may ask for it although it is not made. */
  mayRest(name: string): boolean {
    return this.demand?.isOffered(name) === true && name !== this.route.lead?.name;
  }

  /** These are made from now on. */
  change(rungs: readonly PlannedRung[]): void {
    const before = this.rungs;
    this.rungs = rungs;
    if (this.route.isPreparing) return;
    const sink = this.route.rungs;
    for (const name of sink.rungNames) if (!this.includes(name) && !this.mayRest(name)) sink.removeRung(name);
    this.tellPlan();
    for (const { name } of rungs) if (!before.some((rung) => rung.name === name)) this.add(name);
  }

  /** A rung leads now: the others follow it. */
  tellAll(): void {
    this.tellPlan();
    for (const { name } of this.rungs) this.add(name);
  }

  /** Nobody has seen anything of it so far. */
  forget(): void {
    this.rungs = [];
    this.withdrawn.clear();
  }

  /** Another source: its rungs are encoded otherwise. */
  forgetConfigs(): void {
    this.configs.clear();
  }

  configure(name: string, config: VideoConfig): void {
    this.configs.set(name, config);
    this.route.configureRung(name, config);
  }

  withdraw(name: string): void {
    if (!this.isFree(name)) return;
    this.withdrawn.add(name);
    this.route.rungs.removeRung(name);
    this.tellPlan();
  }

  /** It is made again, if it was withdrawn. */
  restore(name: string): void {
    if (!this.isFree(name) || !this.withdrawn.delete(name)) return;
    this.tellPlan();
    this.add(name);
  }

  /** What leads has no other in its place, and what is only about to lead nobody knows. */
  private isFree(name: string): boolean {
    return name !== this.route.lead?.name && !this.route.isPreparing;
  }

  private tellPlan(): void {
    const { demand, planner } = this;
    const offered =
      demand === undefined ? this.rungs : (planner.plan?.rungs ?? []).filter(({ name }) => demand.isOffered(name));
    const rungs = offered.filter(({ name }) => !this.withdrawn.has(name));
    this.route.rungs.planRungs(rungs.map((rung) => plannedRendition(rung, this.mayRest(rung.name))));
  }

  private add(name: string): void {
    if (name === this.route.lead?.name) return;
    const { rungs } = this.route;
    rungs.addRung(name);
    const config = this.configs.get(name);
    if (config !== undefined) rungs.configureRung(name, config);
  }
}

/** Ends what an earlier process had begun. */
export function withdrawRungs(sink: RungSink): void {
  for (const name of sink.rungNames) sink.removeRung(name);
}
