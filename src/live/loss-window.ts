const seconds = 60;

/** Of the frames that came in the last minute, the share that could not be used. */
export class LossWindow {
  droppedRatio = 0;
  private readonly frames = new Float64Array(seconds);
  private readonly dropped = new Float64Array(seconds);
  private samples = 0;

  /** To be called once a second, with counts so far; those of another publisher begin anew. */
  sample(frames: number, dropped: number): void {
    const newest = (this.samples + seconds - 1) % seconds;
    if (this.samples > 0 && (frames < this.frames[newest]! || dropped < this.dropped[newest]!)) this.samples = 0;
    const at = this.samples % seconds;
    const oldest = this.samples < seconds ? 0 : at;
    const newFrames = this.samples === 0 ? 0 : frames - this.frames[oldest]!;
    const newDropped = this.samples === 0 ? 0 : dropped - this.dropped[oldest]!;
    this.droppedRatio = newFrames === 0 ? 0 : Math.min(1, newDropped / newFrames);
    this.frames[at] = frames;
    this.dropped[at] = dropped;
    this.samples++;
  }
}
