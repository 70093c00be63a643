import type { Clock } from '../base/clock.ts';
import type { LadderView } from '../contract/ladder-view.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { DemandSink, LeadSink, MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';
import type { BudgetBroadcast, BudgetShare } from '../transcode/budget.ts';
import type { CostModel } from '../transcode/cost-model.ts';
import type { QualityLevel } from '../transcode/ladder.ts';
import { SessionSupervisor, type SessionSupervisorOptions } from '../transcode/session-supervisor.ts';
import type { RungState, TranscodeListener, TranscodeNotice } from '../transcode/transcode-listener.ts';
import { LadderStatus } from './ladder-status.ts';
import type { LadderTotals } from './ladder-totals.ts';
import type { OpeningWishes } from './opening.ts';
import type { RungDemand } from './rung-demand.ts';
import { RungOffer, withdrawRungs } from './rung-offer.ts';
import { RungPlanner } from './rung-planner.ts';
import { SourceRoute } from './source-route.ts';

/** The packager, as ladders need it. */
export type LadderSink = MediaSink & RungSink & LeadSink & DemandSink;

export interface BroadcastLadderOptions {
  readonly id: string;
  /** The packager: takes the source as it comes, and the rungs that are made of it. */
  readonly sink: LadderSink;
  readonly wishes: OpeningWishes;
  /** Which rungs are asked for; absent: all are made. */
  readonly demand?: RungDemand | undefined;
  readonly levels: readonly QualityLevel[];
  readonly totals: LadderTotals;
  readonly clock: Clock;
  /** What could be made has changed: the budget is to be shared out anew. */
  readonly onPlan: () => void;
  /** A sentence for the operator. */
  readonly warn: (sentence: string) => void;
  readonly notice: (notice: TranscodeNotice) => void;
  readonly rungChanged: (name: string, state: RungState, why: string) => void;
  /** A JPEG of the newest keyframe, while rungs are made. */
  readonly thumbnail: (jpeg: Uint8Array) => void;
  readonly onEnd: () => void;
}

/** With what ladders are made on this machine. */
export interface LadderMeans {
  /** When the processor encodes. */
  readonly costs: CostModel;
  readonly transcoder: Omit<SessionSupervisorOptions, 'listener'>;
}

/**
 * Stands before the packager of one broadcast: everything goes on to it at once, and what is made of the video follows as further
 * renditions. Where the source cannot be offered as it is, the best rung is made to lead in its place.
 */
export class BroadcastLadder implements MediaSink {
  readonly id: string;
  /** Rungs that are not made, and why, for a person. */
  withheld: BudgetShare['withheld'] = [];
  private readonly options: BroadcastLadderOptions;
  private readonly status: LadderStatus;
  private isEnding = false;
  private readonly planner: RungPlanner;
  private supervisor: SessionSupervisor | undefined;
  private readonly route: SourceRoute;
  private readonly offer: RungOffer;

  constructor(options: BroadcastLadderOptions) {
    const { id, sink, wishes, totals } = options;
    this.options = options;
    this.id = id;
    this.status = new LadderStatus(totals);
    this.planner = new RungPlanner(options.levels);
    this.route = new SourceRoute({
      ...{ sink, wishes },
      onObstacle: () => this.replan(),
      onLead: (why) => this.tellAll(why),
      onSourceAfterAll: (video) => this.followSource(video),
    });
    this.offer = new RungOffer(this.route, this.planner, options.demand);
  }

  get isGapping(): boolean {
    return this.route.isGapping;
  }

  get endMs(): number {
    return this.options.sink.endMs;
  }

  /** What the budget has to decide about; undefined while the source is not known well enough. */
  get wishes(): BudgetBroadcast | undefined {
    const { plan } = this.planner;
    if (plan === undefined) return undefined;
    const { decodeCostCores } = plan;
    const rungs = plan.rungs.filter(({ name }) => this.offer.isAsked(name));
    const needsTop = plan.keyframes === 'grid';
    return { id: this.id, decodeCostCores, rungs, needsTop, running: this.offer.rungs.map(({ name }) => name) };
  }

  /** Cores that are set aside for what is offered. */
  get promisedCores(): number {
    return this.planner.costCores(this.offer.rungs);
  }

  /** Undefined while nobody knows what can be made. */
  get view(): LadderView | undefined {
    const { supervisor, withheld, promisedCores } = this;
    const { plan, allowed } = this.planner;
    if (plan === undefined || supervisor === undefined) return undefined;
    const { demand, levels } = this.options;
    const mode = demand === undefined ? 'auto' : 'on_demand';
    const resting = plan.rungs.flatMap(({ name }) => (this.offer.isAsked(name) ? [] : [name]));
    return this.status.view({ mode, levels, allowed, plan, withheld, resting, promisedCores }, supervisor.stats());
  }

  /** From now on rungs can be made; before, the source goes its way alone. */
  use(means: LadderMeans): void {
    const { planner } = this;
    planner.costs = means.costs;
    planner.encoder = means.transcoder.encoder;
    this.supervisor = new SessionSupervisor({ ...means.transcoder, listener: this.listener() });
    if (planner.source !== undefined) this.supervisor.configure(planner.source);
    this.supervisor.beginAnew(this.route.takeEarly());
    this.makePlan();
  }

  /** What transcoding costs is known better. */
  recost(costs: CostModel): void {
    if (this.planner.costs === undefined) return;
    this.planner.costs = costs;
    this.replan();
  }

  /** Only rungs of these names are made; absent: all that are configured. */
  restrict(names: readonly string[] | undefined): void {
    if (names?.join() === this.planner.allowed?.join()) return;
    this.planner.allowed = names;
    this.makePlan();
  }

  /** Nothing will be made: what an earlier process had listed is withdrawn. */
  giveUp(): void {
    this.route.close(this.planner.source);
    withdrawRungs(this.options.sink);
  }

  begin(start: MediaStart): void {
    void this.supervisor?.interrupt();
    if (this.route.begin(start)) {
      this.planner.beginAnew();
      this.forgetOffer();
    }
    if (start.video !== undefined) this.setSource(start.video);
  }

  configure(config: VideoConfig | AudioConfig): void {
    this.route.configure(config);
    if (config.kind === 'video') this.setSource(config);
  }

  accessUnit(unit: AccessUnit): void {
    this.route.accessUnit(unit);
    if (unit.kind !== 'video') return;
    if (unit.isSync) this.beforeKeyframe(unit.dtsMs + unit.compositionOffsetMs);
    this.supervisor?.accessUnit(unit);
    if (this.planner.measure(unit)) this.makePlan();
    this.route.judge(unit);
  }

  markDiscontinuity(): void {
    this.route.markDiscontinuity();
  }

  interrupt(): void {
    this.route.interrupt(this.supervisor?.interrupt() ?? Promise.resolve());
  }

  tick(nowMs: number): void {
    this.route.tick(nowMs);
  }

  /** The last frames come out of the transcoder first. */
  end(): void {
    const { sink, onEnd } = this.options;
    void this.stop().finally(() => {
      this.route.passThrough();
      sink.end();
      onEnd();
    });
  }

  /** Ends the transcoder alone, within a second: for a server that stops. */
  async stop(): Promise<void> {
    const { supervisor, status, options } = this;
    this.isEnding = true;
    if (supervisor === undefined) return;
    await supervisor.stop();
    status.count(supervisor.stats(), options.clock.monotonicMs());
  }

  /** A viewer asks for something of this rung. */
  wanted(name: string): void {
    if (!this.isEnding && this.options.demand?.wanted(name)) this.options.onPlan();
  }

  /** The budget's decision. */
  take({ offered, withheld }: BudgetShare): void {
    const { planner, route, supervisor } = this;
    const { plan, sourceFps } = planner;
    if (plan === undefined) return;
    this.withheld = [...(this.options.demand?.impossible ?? []), ...withheld];
    const rungs = plan.rungs.filter(({ name }) => offered.includes(name) || name === route.lead?.name);
    const [top] = rungs;
    const isLead = top !== undefined && (top.name === route.lead?.name || planner.isBest(top));
    if (route.needsLead && !isLead) {
      // Nothing is better than the source. Not at once: the budget is just being shared out.
      queueMicrotask(() => route.passThrough());
      return;
    }
    const frames = top !== undefined && route.needsLead ? route.seekLead(top) : undefined;
    if (frames !== undefined) supervisor?.beginAnew(frames);
    this.offer.change(rungs);
    supervisor?.want({ rungs, keyframes: plan.keyframes, sourceFps });
  }

  /** A rung leads: the others follow it. */
  private tellAll(why: string): void {
    this.options.warn(why);
    this.offer.tellAll();
  }

  /** The rung that was to lead did not come, or may not: rungs are made as the source has keyframes. */
  private followSource(video: readonly AccessUnit[]): void {
    if (this.isEnding) return;
    this.planner.forget();
    this.forgetOffer();
    this.supervisor?.beginAnew(video);
    this.makePlan();
  }

  /** Nobody has seen anything of what was made so far. */
  private forgetOffer(): void {
    this.supervisor?.beginAnew([]);
    this.offer.forget();
  }

  private replan(): void {
    this.planner.forget();
    this.makePlan();
  }

  private setSource(config: VideoConfig): void {
    const isOther = this.planner.setSource(config);
    this.supervisor?.configure(config);
    if (isOther) this.offer.forgetConfigs();
  }

  private makePlan(): void {
    const { planner, route, options } = this;
    if (this.isEnding || !planner.make(route.needsLead, route.lead)) return;
    options.demand?.follow(planner.plan!, (name) => this.offer.isKnown(name));
    options.onPlan();
  }

  /** Rungs begin with a segment, and rest from one on. */
  private beforeKeyframe(ptsMs: number): void {
    const { demand, sink, onPlan } = this.options;
    if (demand === undefined) return;
    this.supervisor?.hold(sink.keptFromMs ?? ptsMs);
    if (demand.rest()) onPlan();
  }

  private listener(): TranscodeListener {
    const { thumbnail } = this.options;
    return {
      rungConfig: (name, config) => this.offer.configure(name, config),
      rungFrame: (name, unit, isShared) => this.route.rungAccessUnit(name, unit, isShared),
      rungState: (name, state, why) => this.rungState(name, state, why),
      thumbnail,
      notice: (notice) => this.noticed(notice),
      counters: (stats) => this.status.count(stats, this.options.clock.monotonicMs()),
    };
  }

  private noticed(notice: TranscodeNotice): void {
    this.options.notice(notice);
    this.status.noticed(notice);
    if (notice.type !== 'encoder-replaced') return;
    this.planner.encoder = notice.to;
    this.replan();
  }

  private rungState(name: string, state: RungState, why: string): void {
    this.status.rungState(name, state, why);
    // What ends with its broadcast stays in the lists.
    if (this.isEnding) return;
    if (!this.offer.includes(name)) {
      if (state === 'withdrawn' && this.offer.mayRest(name)) this.options.sink.restRung(name);
      return;
    }
    this.options.rungChanged(name, state, why);
    if (state === 'withdrawn') this.offer.withdraw(name);
    else this.offer.restore(name);
  }
}
