/** What is so or not of a session, a bit each: fields would take eight bytes each. */
const Mark = { isTold: 1, hasRequests: 2, asks: 4, hasPlayed: 8, knowsThroughput: 16 } as const;

/** What a session is known to be, or not. Part of the session itself: an object of its own would take more than it saves. */
export abstract class SessionMarks {
  private marks = 0;

  /** That it ended was told to whoever keeps it. */
  get isTold(): boolean {
    return this.has(Mark.isTold);
  }

  set isTold(isSo: boolean) {
    this.mark(Mark.isTold, isSo);
  }

  /** Its own requests are known as such: by CMCD. */
  get hasRequests(): boolean {
    return this.has(Mark.hasRequests);
  }

  set hasRequests(isSo: boolean) {
    this.mark(Mark.hasRequests, isSo);
  }

  /** It asks here for what it watches, rather than at a cache. */
  get asks(): boolean {
    return this.has(Mark.asks);
  }

  set asks(isSo: boolean) {
    this.mark(Mark.asks, isSo);
  }

  /** By its own words. */
  get hasPlayed(): boolean {
    return this.has(Mark.hasPlayed);
  }

  set hasPlayed(isSo: boolean) {
    this.mark(Mark.hasPlayed, isSo);
  }

  /** It has told how fast its network is. */
  get knowsThroughput(): boolean {
    return this.has(Mark.knowsThroughput);
  }

  set knowsThroughput(isSo: boolean) {
    this.mark(Mark.knowsThroughput, isSo);
  }

  private has(mark: number): boolean {
    return (this.marks & mark) !== 0;
  }

  private mark(mark: number, isSo: boolean): void {
    this.marks = isSo ? this.marks | mark : this.marks & ~mark;
  }
}
