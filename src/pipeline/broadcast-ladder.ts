import type { Clock } from '../base/clock.ts';
import type { LadderView } from '../contract/ladder-view.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { DemandSink, LeadSink, MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';
import type { BudgetBroadcast, BudgetShare } from '../transcode/budget.ts';
import { type CostModel, costsWith } from '../transcode/cost-model.ts';
import type { EncoderName } from '../transcode/encoder-options.ts';
import { displaySize, type LadderPlan, type PlannedRung, planLadder, type QualityLevel } from '../transcode/ladder.ts';
import { SessionSupervisor, type SessionSupervisorOptions } from '../transcode/session-supervisor.ts';
import type { RungState, TranscodeListener, TranscodeNotice } from '../transcode/transcode-listener.ts';
import { LadderStatus } from './ladder-status.ts';
import type { LadderTotals } from './ladder-totals.ts';
import type { OpeningWishes } from './opening.ts';
import { isBetter, plannedRendition } from './planned-renditions.ts';
import type { RungDemand } from './rung-demand.ts';
import { SourceMeter } from './source-meter.ts';
import { SourceRoute, shortSideOf } from './source-route.ts';

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
  private means: LadderMeans | undefined;
  private encoder: EncoderName = 'x264';
  private supervisor: SessionSupervisor | undefined;
  private meter = new SourceMeter();
  private config: VideoConfig | undefined;
  /** Names of rungs; undefined: all. */
  private allowed: readonly string[] | undefined;
  private plan: LadderPlan | undefined;
  private offered: readonly PlannedRung[] = [];
  /** Of rungs that were withdrawn: nobody is offered them until frames come again. */
  private readonly withdrawn = new Set<string>();
  private readonly configs = new Map<string, VideoConfig>();
  private readonly route: SourceRoute;

  constructor(options: BroadcastLadderOptions) {
    const { id, sink, wishes, totals } = options;
    this.options = options;
    this.id = id;
    this.status = new LadderStatus(totals);
    this.route = new SourceRoute({
      ...{ sink, wishes },
      onObstacle: () => this.replan(),
      onLead: (why) => this.tellAll(why),
      onSourceAfterAll: (video) => this.followSource(video),
    });
  }

  get isGapping(): boolean {
    return this.route.isGapping;
  }

  get endMs(): number {
    return this.options.sink.endMs;
  }

  /** What the budget has to decide about; undefined while the source is not known well enough. */
  get wishes(): BudgetBroadcast | undefined {
    if (this.plan === undefined) return undefined;
    const { decodeCostCores } = this.plan;
    const rungs = this.plan.rungs.filter(({ name }) => this.isAsked(name));
    const needsTop = this.plan.keyframes === 'grid';
    return { id: this.id, decodeCostCores, rungs, needsTop, running: this.offered.map(({ name }) => name) };
  }

  /** Cores that are set aside for what is offered. */
  get promisedCores(): number {
    const { plan, offered } = this;
    if (plan === undefined || offered.length === 0) return 0;
    return offered.reduce((sum, { costCores }) => sum + costCores, plan.decodeCostCores);
  }

  /** Undefined while nobody knows what can be made. */
  get view(): LadderView | undefined {
    const { plan, supervisor, withheld, allowed, promisedCores } = this;
    if (plan === undefined || supervisor === undefined) return undefined;
    const { demand, levels } = this.options;
    const mode = demand === undefined ? 'auto' : 'on_demand';
    const resting = plan.rungs.flatMap(({ name }) => (this.isAsked(name) ? [] : [name]));
    return this.status.view({ mode, levels, allowed, plan, withheld, resting, promisedCores }, supervisor.stats());
  }

  /** From now on rungs can be made; before, the source goes its way alone. */
  use(means: LadderMeans): void {
    this.means = means;
    this.encoder = means.transcoder.encoder;
    this.supervisor = new SessionSupervisor({ ...means.transcoder, listener: this.listener() });
    if (this.config !== undefined) this.supervisor.configure(this.config);
    this.supervisor.beginAnew(this.route.takeEarly());
    this.makePlan();
  }

  /** What transcoding costs is known better. */
  recost(costs: CostModel): void {
    if (this.means === undefined) return;
    this.means = { ...this.means, costs };
    this.replan();
  }

  /** Only rungs of these names are made; absent: all that are configured. */
  restrict(names: readonly string[] | undefined): void {
    if (names?.join() === this.allowed?.join()) return;
    this.allowed = names;
    this.makePlan();
  }

  /** Nothing will be made: what an earlier process had listed is withdrawn. */
  giveUp(): void {
    this.route.close(this.config);
    withdrawRungs(this.options.sink);
  }

  begin(start: MediaStart): void {
    void this.supervisor?.interrupt();
    if (this.route.begin(start)) {
      this.meter = new SourceMeter();
      this.forgetPlan();
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
    if (this.meter.add(unit)) this.makePlan();
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
    const { plan, route, supervisor } = this;
    if (plan === undefined) return;
    this.withheld = [...(this.options.demand?.impossible ?? []), ...withheld];
    const rungs = plan.rungs.filter(({ name }) => offered.includes(name) || name === route.lead?.name);
    const [top] = rungs;
    if (route.needsLead && (top === undefined || !this.isBest(top))) {
      // Nothing is better than the source. Not at once: the budget is just being shared out.
      queueMicrotask(() => route.passThrough());
      return;
    }
    const frames = top !== undefined && route.needsLead ? route.seekLead(top) : undefined;
    if (frames !== undefined) supervisor?.beginAnew(frames);
    if (route.isPreparing) this.offered = rungs;
    else this.offer(rungs);
    const { fps: sourceFps = 30 } = this.meter.measured ?? {};
    supervisor?.want({ rungs, keyframes: plan.keyframes, sourceFps });
  }

  /** Whether it can lead: neither the budget nor its key withhold what would be nearer to the source. */
  private isBest(top: PlannedRung): boolean {
    if (this.route.lead?.name === top.name) return true;
    const sourceHeight = this.config === undefined ? 0 : shortSideOf(this.config);
    const isNearer = ({ heightPixels: height }: QualityLevel) => height > top.heightPixels && height <= sourceHeight;
    return top === this.plan?.rungs[0] && !this.options.levels.some(isNearer);
  }

  private offer(rungs: readonly PlannedRung[]): void {
    const { route, offered: before } = this;
    this.offered = rungs;
    for (const name of route.rungs.rungNames) {
      if (!rungs.some((rung) => rung.name === name) && !this.mayRest(name)) route.rungs.removeRung(name);
    }
    this.tellPlan();
    for (const { name } of rungs) {
      if (!before.some((rung) => rung.name === name)) this.add(name);
    }
  }

  /** A rung leads: the others follow it. */
  private tellAll(why: string): void {
    this.options.warn(why);
    this.tellPlan();
    for (const { name } of this.offered) this.add(name);
  }

  /** The rung that was to lead did not come, or may not: rungs are made as the source has keyframes. */
  private followSource(video: readonly AccessUnit[]): void {
    if (this.isEnding) return;
    this.forgetPlan();
    this.supervisor?.beginAnew(video);
    this.makePlan();
  }

  /** Nobody has seen anything of what was made so far. */
  private forgetPlan(): void {
    this.supervisor?.beginAnew([]);
    this.plan = undefined;
    this.offered = [];
    this.withdrawn.clear();
  }

  private replan(): void {
    this.plan = undefined;
    this.makePlan();
  }

  private setSource(config: VideoConfig): void {
    const before = this.config;
    this.config = config;
    this.supervisor?.configure(config);
    if (before === undefined || Buffer.compare(before.record, config.record) === 0) return;
    this.meter = new SourceMeter();
    this.plan = undefined;
    this.configs.clear();
  }

  private makePlan(): void {
    const { config, meter, options, means } = this;
    if (config === undefined || meter.measured === undefined || means === undefined || this.isEnding) return;
    const isPassthrough = !this.route.needsLead;
    const source = { ...displaySize(config), ...meter.measured, codec: config.codec, isPassthrough };
    const levels = options.levels.filter(({ name }) => this.allowed?.includes(name) ?? true);
    const costs = costsWith(this.encoder, means.costs);
    const plan = planLadder({ source, levels, lead: this.route.lead, costs });
    if (this.plan !== undefined && !isBetter(plan, this.plan)) return;
    this.plan = plan;
    options.demand?.follow(plan, (name) => this.configs.has(name));
    options.onPlan();
  }

  private tellPlan(): void {
    const { demand } = this.options;
    const offered =
      demand === undefined ? this.offered : (this.plan?.rungs ?? []).filter(({ name }) => demand.isOffered(name));
    const rungs = offered.filter(({ name }) => !this.withdrawn.has(name));
    this.route.rungs.planRungs(rungs.map((rung) => plannedRendition(rung, this.mayRest(rung.name))));
  }

  private isAsked(name: string): boolean {
    return this.options.demand?.isAsked(name) ?? true;
  }

  /** Whether viewers may ask for it although it is not made. */
  private mayRest(name: string): boolean {
    return this.options.demand?.isOffered(name) === true && name !== this.route.lead?.name;
  }

  /** Rungs begin with a segment, and rest from one on. */
  private beforeKeyframe(ptsMs: number): void {
    const { demand, sink, onPlan } = this.options;
    if (demand === undefined) return;
    this.supervisor?.hold(sink.slotKeyframePtsMs ?? ptsMs);
    if (demand.rest()) onPlan();
  }

  private add(name: string): void {
    if (name === this.route.lead?.name) return;
    const { rungs } = this.route;
    rungs.addRung(name);
    const config = this.configs.get(name);
    if (config !== undefined) rungs.configureRung(name, config);
  }

  private listener(): TranscodeListener {
    const { thumbnail } = this.options;
    return {
      rungConfig: (name, config) => {
        this.configs.set(name, config);
        this.route.configureRung(name, config);
      },
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
    if (notice.type !== 'encoder-replaced' || this.means === undefined) return;
    this.encoder = notice.to;
    this.recost(this.means.costs);
  }

  private rungState(name: string, state: RungState, why: string): void {
    this.status.rungState(name, state, why);
    // What ends with its broadcast stays in the lists.
    if (this.isEnding) return;
    if (!this.offered.some((rung) => rung.name === name)) {
      if (state === 'withdrawn' && this.mayRest(name)) this.options.sink.restRung(name);
      return;
    }
    this.options.rungChanged(name, state, why);
    // What leads has no other in its place, and what is only about to lead nobody knows.
    if (name === this.route.lead?.name || this.route.isPreparing) return;
    if (state === 'withdrawn') {
      this.withdrawn.add(name);
      this.route.rungs.removeRung(name);
      this.tellPlan();
    } else if (this.withdrawn.delete(name)) {
      this.tellPlan();
      this.add(name);
    }
  }
}

/** Ends what an earlier process had begun. */
export function withdrawRungs(sink: RungSink): void {
  for (const name of sink.rungNames) sink.removeRung(name);
}
