import type { Clock } from '../base/clock.ts';
import type { TimeHistogram } from '../base/time-histogram.ts';
import type { PlaybackTarget } from './playback-path.ts';
import { problem } from './problem.ts';
import type { PendingReply, PlaybackRequest, ProgressiveReply, Reply } from './reply.ts';

/** Something that can be said to everyone who waits for the same. */
export interface Resolution {
  replyTo(request: PlaybackRequest): Reply | ProgressiveReply;
}

/** What is waited for: equal keys wait together and are given the same. */
export interface Hold {
  readonly key: string;
  readonly timeoutMs: number;
  /** Looked at whenever the stream changes: what to say, or nothing yet. */
  readonly test: () => Resolution | undefined;
  /** What is said when the time is over; by default that nothing came. */
  readonly onTimeout?: () => Resolution;
}

/** Hears what a held request was answered: one function for all of them. */
export type OnAnswered = (request: PlaybackRequest, target: PlaybackTarget, reply: Reply | ProgressiveReply) => void;

/** After an outage all viewers were waiting: they are let go over this time, so that they do not come back as one. */
const releaseSpreadMs = 200;
const releaseSlots = 10;
/** So many replies are written in one turn of the event loop, before the requests that those who were first make next are looked at. */
const batchSize = 5000;

/** All that is kept of a held request: thousands a second live just long enough to be expensive to collect. */
class Waiter implements PendingReply {
  readonly kind = 'pending';
  readonly deadlineMs: number;
  private readonly request: PlaybackRequest;
  private readonly room: WaitingRoom;
  private readonly group: Group;
  private readonly target: PlaybackTarget;
  private readonly answered: OnAnswered;
  private deliver: ((reply: Reply | ProgressiveReply) => void) | undefined;
  private isOver = false;

  constructor(request: PlaybackRequest, target: PlaybackTarget, group: Group, room: WaitingRoom, answered: OnAnswered) {
    this.deadlineMs = room.clock.monotonicMs() + group.hold.timeoutMs;
    this.request = request;
    this.target = target;
    this.group = group;
    this.room = room;
    this.answered = answered;
  }

  settle(deliver: (reply: Reply | ProgressiveReply) => void): void {
    this.deliver = deliver;
  }

  cancel(): void {
    if (!this.isOver) this.leave();
  }

  resolve(resolution: Resolution): void {
    if (this.isOver) return;
    this.leave();
    this.room.waited(this.group.hold.timeoutMs - (this.deadlineMs - this.room.clock.monotonicMs()));
    const reply = resolution.replyTo(this.request);
    this.answered(this.request, this.target, reply);
    this.deliver?.(reply);
  }

  private leave(): void {
    this.isOver = true;
    this.room.left(this, this.group);
  }
}

/** How many requests all rooms together hold, and may hold. */
export interface Occupancy {
  count: number;
  readonly limit: number;
  /** Of one room, so that one stream's viewers leave room for others'. */
  readonly limitPerStream: number;
  /** How long those that were answered have waited. */
  readonly waited: TimeHistogram;
}

interface Group {
  readonly hold: Hold;
  /** In order of arrival, which is the order of their deadlines. */
  readonly waiters: Set<Waiter>;
  cancelTimer: () => void;
}

/** The requests of one stream that are held until it has moved on. A waiter is one small object; there is one timer a group. */
export class WaitingRoom {
  readonly clock: Clock;
  private readonly random: () => number;
  private readonly occupancy: Occupancy;
  private count = 0;
  private readonly groups = new Map<string, Group>();

  /** `occupancy` is shared by all rooms. */
  constructor(clock: Clock, random: () => number, occupancy: Occupancy) {
    this.clock = clock;
    this.random = random;
    this.occupancy = occupancy;
  }

  /** Holds a request, or refuses it when too many are held. `answered` hears what a held one was answered. */
  hold(hold: Hold, request: PlaybackRequest, target: PlaybackTarget, answered: OnAnswered): PendingReply | Reply {
    const { occupancy } = this;
    const { limit, limitPerStream } = occupancy;
    if (occupancy.count >= limit) return problem('DELIVERY_OVERLOADED', { limit }).replyTo(request);
    if (this.count >= limitPerStream) {
      return problem('DELIVERY_OVERLOADED', { limit: limitPerStream }).replyTo(request);
    }
    let group = this.groups.get(hold.key);
    if (group === undefined) {
      group = { hold, waiters: new Set(), cancelTimer: () => {} };
      this.groups.set(hold.key, group);
    }
    const waiter = new Waiter(request, target, group, this, answered);
    occupancy.count++;
    this.count++;
    group.waiters.add(waiter);
    if (group.waiters.size === 1) this.arm(group);
    return waiter;
  }

  /** A waiter is answered after this time. */
  waited(ms: number): void {
    this.occupancy.waited.add(ms / 1000);
  }

  /** A waiter was answered, or gave up. */
  left(waiter: Waiter, group: Group): void {
    this.occupancy.count--;
    this.count--;
    group.waiters.delete(waiter);
    if (group.waiters.size === 0) this.drop(group);
  }

  /** Looks whether something that is waited for has come. `isAfterOutage` spreads the answers over a moment. */
  look(isAfterOutage: boolean): void {
    for (const group of [...this.groups.values()]) {
      const resolution = group.hold.test();
      if (resolution !== undefined) this.release(group, resolution, isAfterOutage);
    }
  }

  /** Says the same to everyone, at once. */
  close(resolution: Resolution): void {
    for (const group of [...this.groups.values()]) this.release(group, resolution, false);
  }

  private release(group: Group, resolution: Resolution, isSpread: boolean): void {
    this.groups.delete(group.hold.key);
    group.cancelTimer();
    if (isSpread && group.waiters.size > releaseSlots) this.spread(group.waiters, resolution);
    else this.releaseBatch(group.waiters.values(), resolution);
  }

  private releaseBatch(waiters: Iterator<Waiter>, resolution: Resolution): void {
    for (let count = 0; count < batchSize; count++) {
      const { done, value } = waiters.next();
      if (done === true) return;
      value.resolve(resolution);
    }
    this.clock.after(0, () => this.releaseBatch(waiters, resolution));
  }

  private spread(waiters: Set<Waiter>, resolution: Resolution): void {
    const slots: Waiter[][] = Array.from({ length: releaseSlots }, () => []);
    for (const waiter of waiters) slots[Math.floor(this.random() * releaseSlots)]?.push(waiter);
    for (const [slot, members] of slots.entries()) {
      this.clock.after((slot * releaseSpreadMs) / releaseSlots, () => this.releaseBatch(members.values(), resolution));
    }
  }

  private arm(group: Group): void {
    group.cancelTimer();
    const first = group.waiters.values().next().value;
    if (first === undefined) return;
    const delayMs = Math.max(first.deadlineMs - this.clock.monotonicMs(), 10);
    group.cancelTimer = this.clock.after(delayMs, () => this.expire(group));
  }

  private expire(group: Group): void {
    const nowMs = this.clock.monotonicMs();
    const { hold } = group;
    let resolution: Resolution | undefined;
    for (const waiter of group.waiters) {
      if (waiter.deadlineMs > nowMs) break;
      resolution ??= hold.onTimeout?.() ?? problem('DELIVERY_WAIT_TIMEOUT', { waitedMs: hold.timeoutMs });
      waiter.resolve(resolution);
    }
    this.arm(group);
  }

  private drop(group: Group): void {
    const { key } = group.hold;
    if (this.groups.get(key) !== group) return;
    group.cancelTimer();
    this.groups.delete(key);
  }
}
