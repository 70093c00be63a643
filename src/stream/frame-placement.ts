import type { Clock } from '../base/clock.ts';
import type { AccessUnit, SourceAudioConfig } from '../media/track.ts';
import type { FrameArrivals } from './frame-arrivals.ts';
import type { MediaSink } from './media-sink.ts';
import type { PublisherRun } from './publisher-run.ts';
import type { StreamRepairs } from './stream-repairs.ts';
import { Timeline } from './timeline.ts';

export interface FramePlacementOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly sink: MediaSink<SourceAudioConfig>;
  /** Learns when frames came that have a place in stream time. */
  readonly arrivals: FrameArrivals;
  /** Learns what was repaired of a publisher's time that is over. */
  readonly pastRepairs: StreamRepairs;
  /** Stream time of this moment, ms. */
  readonly nowMs: () => number;
  /** A publisher's media begins, or begins again. */
  readonly onBegin: (run: PublisherRun) => void;
}

/** Audio this long without any sign of video is a broadcast without video. */
const audioOnlyAfterMs = 1400;
/** Audio may start this much before the first keyframe's decode time and still belong to it. */
const audioLeadMs = 50;
/** Frames older than a gap are a backlog for this long; after that the publisher's clock is simply behind. */
const backlogMs = 1000;

/** Where the frames of whoever publishes stand in stream time: where media begins, goes on after a gap, and what has no place. */
export class FramePlacement {
  private readonly options: FramePlacementOptions;

  constructor(options: FramePlacementOptions) {
    this.options = options;
  }

  receive(run: PublisherRun, unit: AccessUnit): void {
    if (run.timeline === undefined) this.awaitStart(run, unit);
    else if (unit.kind === 'video' && !run.hasVideo) this.addVideo(run, run.timeline, unit);
    else if (this.options.sink.isGapping) this.resumeAfterGap(run, run.timeline, unit);
    else this.forward(run, run.timeline, unit);
  }

  private forward(run: PublisherRun, timeline: Timeline, unit: AccessUnit): void {
    const nowMs = this.options.clock.monotonicMs();
    const placed = timeline.place(unit, nowMs);
    if (unit.kind === 'video' || !run.hasVideo) {
      this.options.arrivals.note(placed.unit.dtsMs, unit.arrivedAtMs ?? nowMs);
    }
    if (placed.jumped) this.options.sink.markDiscontinuity();
    this.options.sink.accessUnit(placed.unit);
  }

  /** Nothing has begun: a keyframe begins, or audio that stays alone. */
  private awaitStart(run: PublisherRun, unit: AccessUnit): void {
    if (unit.kind === 'audio') {
      run.holdAudio(unit);
      if (run.video === undefined && run.heldAudioMs >= audioOnlyAfterMs) this.startAudioOnly(run);
    } else if (unit.isSync && run.video !== undefined) {
      this.startVideo(run, unit);
    } else {
      run.droppedFrames++;
    }
  }

  private startVideo(run: PublisherRun, unit: AccessUnit): void {
    const startMs = Math.max(this.options.nowMs(), this.options.sink.endMs);
    const timeline = new Timeline(unit.dtsMs + unit.compositionOffsetMs, startMs);
    run.timeline = timeline;
    this.begin(run, startMs);
    // The keyframe opens the segment that the audio around it belongs to.
    this.forward(run, timeline, unit);
    for (const audio of run.takeHeldAudio(unit.dtsMs - audioLeadMs)) this.forward(run, timeline, audio);
  }

  private startAudioOnly(run: PublisherRun): void {
    const startMs = Math.max(this.options.nowMs() - run.heldAudioMs, this.options.sink.endMs);
    const held = run.takeHeldAudio(Number.NEGATIVE_INFINITY);
    const timeline = new Timeline(held[0]!.dtsMs, startMs);
    run.timeline = timeline;
    this.begin(run, startMs);
    for (const audio of held) this.forward(run, timeline, audio);
  }

  /** Video joins a broadcast that began without: from its first keyframe on. */
  private addVideo(run: PublisherRun, timeline: Timeline, unit: AccessUnit): void {
    if (!unit.isSync || run.video === undefined) {
      run.droppedFrames++;
      return;
    }
    this.begin(run, Math.max(timeline.peekMs(unit) + unit.compositionOffsetMs, this.options.sink.endMs));
    this.forward(run, timeline, unit);
  }

  /** Gaps were listed in place of the media that stayed away: it goes on after them, at a keyframe. */
  private resumeAfterGap(run: PublisherRun, timeline: Timeline, unit: AccessUnit): void {
    const { sink } = this.options;
    const isStart = run.hasVideo ? unit.kind === 'video' && unit.isSync : true;
    run.resumedAtMs ??= this.options.nowMs();
    if (!isStart) {
      // Audio alone goes on through a gap of the video.
      if (unit.kind === 'audio') this.forward(run, timeline, unit);
      else run.droppedFrames++;
      return;
    }
    const atMs = timeline.peekMs(unit) + unit.compositionOffsetMs;
    const isBehind = atMs < sink.endMs - audioLeadMs;
    if (isBehind && this.options.nowMs() - run.resumedAtMs < backlogMs) {
      run.droppedFrames++;
      return;
    }
    const startMs = Math.max(isBehind ? this.options.nowMs() : atMs, sink.endMs);
    const goesOn = isBehind ? this.replaceTimeline(run, unit, startMs) : timeline;
    run.resumedAtMs = undefined;
    this.begin(run, startMs);
    this.forward(run, goesOn, unit);
  }

  private replaceTimeline(run: PublisherRun, unit: AccessUnit, startMs: number): Timeline {
    this.options.pastRepairs.addTimeline(run.timeline);
    const timeline = new Timeline(unit.dtsMs + unit.compositionOffsetMs, startMs);
    run.timeline = timeline;
    return timeline;
  }

  private begin(run: PublisherRun, startMs: number): void {
    const { video, audio } = run;
    run.hasVideo = video !== undefined;
    this.options.sink.begin({ startMs, ...(video && { video }), ...(audio && { audio }) });
    this.options.onBegin(run);
  }
}
