/** A receiver of events: where it stands, and which node serves it. */
export interface SinkLease {
  /** Everything up to this event has been delivered or buried. */
  readonly lastEventId: number;
}

/** What a receiver has not had. */
export interface SinkBacklog extends SinkLease {
  readonly sinkId: string;
  /** Events behind the last one it had. */
  readonly waiting: number;
  /** Events it would not take. */
  readonly dead: number;
}

/** An event that a receiver would not take. */
export interface DeadLetter {
  readonly sinkId: string;
  readonly eventId: number;
  readonly attempts: number;
  /** What the receiver said last. */
  readonly error: string;
  readonly buriedAtMs: number;
}

/** Where receivers stand in the list of events, which is the outbox: an event is written with the fact it tells. */
export interface OutboxStore {
  /**
   * Makes `holder` the one node that serves a receiver until `untilMs`, or prolongs that; undefined while another node does.
   * A receiver that is seen for the first time begins behind the newest event.
   */
  lease(request: {
    readonly sinkId: string;
    readonly holder: string;
    readonly nowMs: number;
    readonly untilMs: number;
  }): Promise<SinkLease | undefined>;
  release(sinkId: string, holder: string): Promise<void>;
  /**
   * False when the lease is another's by now, or the receiver does not stand at `fromEventId` any more: it was sent elsewhere.
   * `buried`: events of the step that were given up.
   */
  advance(step: {
    readonly sinkId: string;
    readonly holder: string;
    readonly fromEventId: number;
    readonly lastEventId: number;
    readonly buried?: readonly DeadLetter[];
  }): Promise<boolean>;
  /** Lets a receiver go on behind another event, whoever serves it; false when there is no such receiver. */
  seek(sinkId: string, lastEventId: number): Promise<boolean>;
  /** Oldest events first; `after`: behind that one. */
  deadLetters(filter: {
    readonly sinkId?: string | undefined;
    readonly after?: Pick<DeadLetter, 'eventId' | 'sinkId'> | undefined;
    readonly limit: number;
  }): Promise<readonly DeadLetter[]>;
  /** It was delivered after all, or is not wanted any more. */
  removeDeadLetter(sinkId: string, eventId: number): Promise<void>;
  /** Every receiver there ever was, by id. */
  backlog(): Promise<readonly SinkBacklog[]>;
}
