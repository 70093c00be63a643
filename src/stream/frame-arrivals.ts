/** Frames that are remembered: eight seconds at 120 a second, half a minute at 30. */
const capacity = 1024;

/** When the newest frames of a stream came, by their place in stream time. Of its picture, or of sound that is alone. */
export class FrameArrivals {
  private readonly dtsMs = new Float64Array(capacity);
  private readonly arrivedMs = new Float64Array(capacity);
  private count = 0;

  /** A frame at this decode time of the stream has come, at this monotonic time. */
  note(dtsMs: number, arrivedMs: number): void {
    const at = this.count % capacity;
    this.dtsMs[at] = dtsMs;
    this.arrivedMs[at] = arrivedMs;
    this.count++;
  }

  /** When the last frame came that is not decoded later than this; undefined where that is no longer known. */
  of(dtsMs: number): number | undefined {
    const oldest = Math.max(0, this.count - capacity);
    for (let number = this.count - 1; number >= oldest; number--) {
      if (this.dtsMs[number % capacity]! <= dtsMs) return this.arrivedMs[number % capacity];
    }
    return undefined;
  }
}
