/** What delivery has sent of one stream so far, at one place. */
export interface StreamTraffic {
  readonly streamId: string;
  readonly bytes: number;
  /** Times from a frame's arrival, as `DurationHistogram` counts them: to the playlist that lists it, to its first viewer. */
  readonly listed: Uint32Array;
  readonly delivered: Uint32Array;
}

/** What media has made of one stream so far. */
export interface StreamAges {
  readonly streamId: string;
  /** Times from a frame's arrival to the part that holds it. */
  readonly part: Uint32Array;
}

/** What the threads have told last. All of it only grows, until a thread begins anew. */
export interface ThreadTelling {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ages: readonly StreamAges[];
  /** Of each delivery thread. */
  readonly traffic: readonly (readonly StreamTraffic[])[];
}
