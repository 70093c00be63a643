import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { LeadSink, MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';
import { displaySize } from '../transcode/ladder.ts';
import { LeadingRung } from './leading-rung.ts';
import { Opening, type OpeningWishes } from './opening.ts';

export interface SourceRouteOptions {
  /** The packager. */
  readonly sink: MediaSink & RungSink & LeadSink;
  readonly wishes: OpeningWishes;
  /** The source cannot be offered as it is: a rung should lead. */
  readonly onObstacle: () => void;
  /** A rung leads from now on; `why`, for a person. */
  readonly onLead: (why: string) => void;
  /** The source, with an obstacle, is offered all the same; `video`: its frames so far. */
  readonly onSourceAfterAll: (video: readonly AccessUnit[]) => void;
}

/** The rung in the source's place. */
export interface Lead {
  readonly name: string;
  /** The short side of its picture when it was taken. */
  readonly heightPixels: number;
}

/**
 * Where the frames of a source and those of its rungs go: to the packager, once it is known what leads. Until the first GOP is complete
 * they are held. Where the source turns out not to be for everybody, the best rung leads from its first picture on, for as long as
 * the broadcast lasts; if no such picture comes in time, the source is offered after all.
 */
export class SourceRoute {
  private readonly options: SourceRouteOptions;
  private opening: Opening | undefined;
  private leading: LeadingRung | undefined;
  private taken: Lead | undefined;
  private isClosed = false;

  constructor(options: SourceRouteOptions) {
    const { sink, wishes } = options;
    this.options = options;
    if (sink.lead === undefined || sink.lead.name === 'source') return;
    this.leading = new LeadingRung(sink.lead.name, sink, wishes.segmentMs);
    this.taken = { name: sink.lead.name, heightPixels: shortSideOf(sink.lead.config) };
  }

  /** The rung that leads, for viewers to see. */
  get lead(): Lead | undefined {
    return this.taken;
  }

  /** Whether a rung is to lead, or does. */
  get needsLead(): boolean {
    return this.leading !== undefined || this.opening?.obstacle !== undefined;
  }

  /** Whether what is said of rungs reaches nobody: another plan is about to be carried out from the beginning. */
  get isPreparing(): boolean {
    return this.opening?.candidate !== undefined;
  }

  /** Frames of the source that rungs can still be made of although they have passed. From now on somebody makes rungs. */
  takeEarly(): readonly AccessUnit[] {
    return this.opening?.media.units('video') ?? this.leading?.takeEarly() ?? [];
  }

  get isGapping(): boolean {
    return (this.leading ?? this.options.sink).isGapping;
  }

  /** Rungs follow the source, or what leads in its place. */
  get rungs(): RungSink {
    return this.opening?.media ?? this.options.sink;
  }

  private get target(): Pick<MediaSink, 'begin' | 'configure' | 'accessUnit' | 'markDiscontinuity'> {
    return this.opening?.media ?? this.options.sink;
  }

  /** True when a stream opens that nobody has seen: nothing that was planned for it holds. */
  begin(start: MediaStart): boolean {
    const { sink, wishes } = this.options;
    const { leading } = this;
    const { video } = start;
    if (leading === undefined && sink.lead === undefined && !sink.isListed && !this.isClosed && video !== undefined) {
      this.opening = new Opening({ ...start, video }, wishes);
    }
    (leading ?? this.target).begin(start);
    return this.opening !== undefined;
  }

  configure(config: VideoConfig | AudioConfig): void {
    if (this.leading === undefined) this.target.configure(config);
    else if (config.kind === 'audio') this.leading.configureSound(config);
  }

  accessUnit(unit: AccessUnit): void {
    const { leading } = this;
    if (leading === undefined) this.target.accessUnit(unit);
    else if (unit.kind === 'audio') leading.accessSound(unit);
    else leading.passed(unit);
  }

  /** Looks at a frame that was handed in: it may show what the source is. */
  judge(unit: AccessUnit): void {
    const { opening } = this;
    if (opening === undefined || opening.obstacle !== undefined) return;
    if (opening.add(unit)) this.passThrough();
    else if (opening.obstacle !== undefined) this.options.onObstacle();
  }

  markDiscontinuity(): void {
    (this.leading ?? this.target).markDiscontinuity();
  }

  /** `drained`: all that was inside ffmpeg has come out. */
  interrupt(drained: Promise<void>): void {
    this.opening = undefined;
    if (this.leading === undefined) this.options.sink.interrupt();
    else this.leading.interrupt(drained);
  }

  tick(nowMs: number): void {
    if (this.opening?.isOverdue(nowMs)) this.passThrough();
    this.options.sink.tick(this.leading?.presentMs(nowMs) ?? nowMs);
  }

  /** This rung is to lead once its first picture is there: to be made of these frames and those that come. Undefined when it is being made already. */
  seekLead(lead: Lead): readonly AccessUnit[] | undefined {
    const { opening } = this;
    if (opening === undefined || opening.candidate !== undefined) return undefined;
    opening.candidate = new LeadingRung(lead.name, this.options.sink, this.options.wishes.segmentMs);
    opening.media.forgetRungs();
    opening.candidate.takeEarly();
    this.taken = lead;
    return opening.media.units('video');
  }

  configureRung(name: string, config: VideoConfig): void {
    const leading = this.leading ?? this.opening?.candidate;
    if (leading === undefined) this.rungs.configureRung(name, config);
    else leading.configure(name, config);
  }

  /** `isShared`: a keyframe that all rungs have. */
  rungAccessUnit(name: string, unit: AccessUnit, isShared: boolean): void {
    const { opening } = this;
    const { candidate } = opening ?? {};
    if (opening !== undefined && candidate?.name === name) this.takeLead(opening, candidate);
    const leading = this.leading ?? candidate;
    if (leading === undefined) this.rungs.rungAccessUnit(name, unit);
    else leading.accessUnit(name, unit, isShared);
  }

  /** What is held goes to the packager: the source is offered as it is. */
  passThrough(): void {
    const { opening } = this;
    if (opening === undefined) return;
    const video = opening.media.units('video');
    this.opening = undefined;
    this.taken = undefined;
    opening.media.release(this.options.sink);
    if (opening.obstacle !== undefined) this.options.onSourceAfterAll(video);
  }

  /** No rung will come, now or later: the source, encoded as `config` says, takes its place back. */
  close(config: VideoConfig | undefined): void {
    this.isClosed = true;
    this.passThrough();
    const start = this.leading?.release();
    this.leading = undefined;
    if (start !== undefined) this.options.sink.begin({ ...start, ...(config && { video: config }) });
  }

  private takeLead({ start, media, obstacle }: Opening, leading: LeadingRung): void {
    this.opening = undefined;
    this.leading = leading;
    this.options.sink.leadWith(leading.name);
    const { audio } = media;
    leading.begin({ ...start, ...(audio && { audio }) }, media.units('audio'));
    this.options.onLead(`Viewers get ${leading.name}, made here, in place of the source: ${obstacle}.`);
  }
}

/** As shown. */
export function shortSideOf(config: VideoConfig): number {
  const { widthPixels, heightPixels } = displaySize(config);
  return Math.min(widthPixels, heightPixels);
}
