import type { PublisherRun } from './publisher-run.ts';
import type { Timeline } from './timeline.ts';

export interface RepairFigures {
  readonly droppedFrames: number;
  readonly nonMonotonicFrames: number;
  readonly jumps: number;
}

/** Repairs of the publishers' time and frames that could not be placed, over all connections of a stream. */
export class StreamRepairs {
  private droppedFrames = 0;
  private nonMonotonicFrames = 0;
  private jumps = 0;

  /** A connection is over. */
  add(run: PublisherRun): void {
    this.droppedFrames += run.droppedFrames;
    this.addTimeline(run.timeline);
  }

  /** The connection goes on with another. */
  addTimeline(timeline: Timeline | undefined): void {
    this.nonMonotonicFrames += timeline?.nonMonotonicFrames ?? 0;
    this.jumps += timeline?.jumps ?? 0;
  }

  /** With those of the connection there is. */
  figures(run: PublisherRun | undefined): RepairFigures {
    return {
      droppedFrames: this.droppedFrames + (run?.droppedFrames ?? 0),
      nonMonotonicFrames: this.nonMonotonicFrames + (run?.timeline?.nonMonotonicFrames ?? 0),
      jumps: this.jumps + (run?.timeline?.jumps ?? 0),
    };
  }
}
