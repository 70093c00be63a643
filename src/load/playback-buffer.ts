/** What a player holds ahead of its playhead, in simulated real time. A stall is when it runs dry. */
export class PlaybackBuffer {
  stalls = 0;
  stalledMs = 0;
  private heldMs = 0;
  /** When it will have played all it holds; undefined until it plays. */
  private dryAtMs: number | undefined;

  get isPlaying(): boolean {
    return this.dryAtMs !== undefined;
  }

  /** Media has arrived. After a stall playback goes on with the first that comes. */
  add(durationMs: number, nowMs: number): void {
    if (this.dryAtMs === undefined) this.heldMs += durationMs;
    else if (nowMs <= this.dryAtMs) this.dryAtMs += durationMs;
    else {
      this.ranDry(nowMs - this.dryAtMs);
      this.dryAtMs = nowMs + durationMs;
    }
  }

  /** Playback begins. */
  play(nowMs: number): void {
    this.dryAtMs ??= nowMs + this.heldMs;
  }

  /** At the end of a run: a stall that still lasts counts too. */
  finish(nowMs: number): void {
    if (this.dryAtMs === undefined || nowMs <= this.dryAtMs) return;
    this.ranDry(nowMs - this.dryAtMs);
    this.dryAtMs = nowMs;
  }

  private ranDry(lastedMs: number): void {
    this.stalls++;
    this.stalledMs += lastedMs;
  }
}
