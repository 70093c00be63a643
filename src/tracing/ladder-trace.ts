import { OpenSpan, type SpanAttributes, type SpanSink } from './span.ts';

export interface LadderTracePlan {
  readonly traceId: string;
  /** Of the broadcast. */
  readonly parentSpanId: string;
  readonly nowMs: () => number;
  readonly emit: SpanSink;
}

/** The spans of a broadcast's ladder: one a plan, in it one a rung from when it is planned until it is live, and what fails as events. */
export class LadderTrace {
  private readonly plan: LadderTracePlan;
  private ladder: OpenSpan | undefined;
  private readonly rising = new Map<string, OpenSpan>();
  private readonly live = new Set<string>();

  constructor(plan: LadderTracePlan) {
    this.plan = plan;
  }

  /** What is made from now on, in place of what was before. */
  planned(rungs: readonly string[]): void {
    const { emit, nowMs } = this.plan;
    const atMs = nowMs();
    if (this.ladder !== undefined) emit(this.ladder.finish(atMs));
    this.ladder = this.open('ladder', this.plan.parentSpanId, { 'streamctl.rungs': rungs.join(' ') });
    for (const [name, span] of this.rising) {
      if (rungs.includes(name)) continue;
      this.rising.delete(name);
      emit(span.finish(atMs, { 'streamctl.outcome': 'not planned any more' }));
    }
    for (const name of this.live) if (!rungs.includes(name)) this.live.delete(name);
    for (const name of rungs) {
      if (this.live.has(name) || this.rising.has(name)) continue;
      this.rising.set(name, this.open('rung', this.ladder.spanId, { 'streamctl.rung': name }));
    }
  }

  rungLive(name: string): void {
    this.live.add(name);
    const span = this.rising.get(name);
    if (span === undefined) return;
    this.rising.delete(name);
    this.plan.emit(span.finish(this.plan.nowMs(), { 'streamctl.outcome': 'live' }));
  }

  /** Something happened to it: an ffmpeg failed or works again, a rung was withdrawn. */
  event(name: string, attributes: SpanAttributes): void {
    this.ladder?.event(name, this.plan.nowMs(), attributes);
  }

  /** Nothing more will be told of it. */
  end(attributes: SpanAttributes = {}): void {
    const { emit, nowMs } = this.plan;
    const atMs = nowMs();
    for (const span of this.rising.values())
      emit(span.finish(atMs, { ...attributes, 'streamctl.outcome': 'not live' }));
    this.rising.clear();
    this.live.clear();
    if (this.ladder !== undefined) emit(this.ladder.finish(atMs, attributes));
    this.ladder = undefined;
  }

  private open(name: string, parentSpanId: string, attributes: SpanAttributes): OpenSpan {
    const { traceId, nowMs } = this.plan;
    return new OpenSpan({ traceId, parentSpanId, name, startMs: nowMs(), attributes });
  }
}
