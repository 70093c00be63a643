import type { Clock } from '../base/clock.ts';
import type { LiveMessage } from '../contract/live-metrics.ts';
import type { Notification } from './notifications.ts';

/**
 * A snapshot goes to so many at once, and to as many more a moment later: told to 2,000 in one go, it kept playlists waiting that are
 * answered by the same thread.
 */
const toldAtOnce = 100;
const breathMs = 5;

/** So many notifications can be heard again by who was away. */
export const keptNotifications = 200;

export interface Told {
  readonly seq: number;
  /** The message as it is sent. */
  readonly text: string;
}

/** Hears what a topic tells. */
export interface TopicListener {
  snapshot(told: Told): void;
  notification(told: Told): void;
}

export interface TopicOptions {
  /** Null for the whole node. */
  readonly streamId: string | null;
  readonly clock: Pick<Clock, 'wallMs' | 'after'>;
  /** All there is now; undefined where nothing is known (any more). */
  readonly snapshot: () => object | undefined;
}

/**
 * What is told of one thing to one kind of listener: every message is numbered and written once, whoever and however many listen.
 * Numbers begin with the time, so that those of a server that was started anew are above all it ever used.
 */
export class Topic {
  readonly streamId: string | null;
  readonly listeners = new Set<TopicListener>();
  /** When somebody last listened or something was last told, wall clock ms. */
  usedAtMs: number;
  private readonly options: TopicOptions;
  private readonly firstSeq: number;
  private seq: number;
  private readonly kept: Told[] = [];
  /** Who is still to be told the newest snapshot. */
  private untold: readonly TopicListener[] = [];
  private newest: Told | undefined;
  private cancel = () => {};
  /** Number of the newest notification that is not kept any more, and how many those are. */
  private forgottenSeq: number;
  private forgotten = 0;

  constructor(options: TopicOptions) {
    this.options = options;
    this.streamId = options.streamId;
    this.usedAtMs = options.clock.wallMs();
    // Two messages a second, for as long as it lasts, stay below what the next server begins with.
    this.firstSeq = Math.floor(options.clock.wallMs() / 1000) * 2;
    this.seq = this.firstSeq;
    this.forgottenSeq = this.firstSeq - 1;
  }

  /** Tells everybody how it is now, some after the others. */
  tellSnapshot(): void {
    this.tellRest();
    if (this.listeners.size === 0) return;
    this.usedAtMs = this.options.clock.wallMs();
    const data = this.options.snapshot();
    if (data === undefined) return;
    this.newest = this.write('snapshot', data, ++this.seq);
    this.untold = [...this.listeners];
    this.tellSome();
  }

  /** `streamId`: of the stream it is about, if any. */
  notify({ type, data }: Notification, streamId: string | null): void {
    this.usedAtMs = this.options.clock.wallMs();
    this.tellRest(); // numbers come in order
    const told = this.write(type, data, ++this.seq, streamId);
    this.kept.push(told);
    if (this.kept.length > keptNotifications) {
      this.forgotten++;
      this.forgottenSeq = this.kept.shift()!.seq;
    }
    for (const listener of this.listeners) listener.notification(told);
  }

  /** From now on it hears what is told; first, what there is: with `afterSeq`, what it has missed since then as well. */
  join(listener: TopicListener, afterSeq?: number): void {
    this.usedAtMs = this.options.clock.wallMs();
    if (afterSeq !== undefined) this.resume(listener, afterSeq);
    const data = this.options.snapshot();
    // It is what all messages up to this number have led to.
    if (data !== undefined) listener.snapshot(this.write('snapshot', data, Math.max(1, this.seq)));
    this.listeners.add(listener);
  }

  /** Tells what has been notified after a number, and how much of that nobody knows any more. */
  resume(listener: TopicListener, afterSeq: number): void {
    if (afterSeq < this.firstSeq) listener.notification(this.lost(null, this.firstSeq));
    else if (afterSeq < this.forgottenSeq) listener.notification(this.lost(this.forgotten, this.forgottenSeq));
    for (const told of this.kept) if (told.seq > afterSeq) listener.notification(told);
  }

  /** The message that so many notifications, the last of them with this number, were not kept; null: nobody knows how many. */
  lost(count: number | null, seq: number): Told {
    return this.write('lost', { count }, seq);
  }

  private tellSome(): void {
    const some = this.untold.slice(0, toldAtOnce);
    this.untold = this.untold.slice(toldAtOnce);
    this.tellTo(some);
    if (this.untold.length > 0) this.cancel = this.options.clock.after(breathMs, () => this.tellSome());
  }

  private tellRest(): void {
    const rest = this.untold;
    this.untold = [];
    this.cancel();
    this.tellTo(rest);
  }

  private tellTo(some: readonly TopicListener[]): void {
    for (const listener of some) if (this.listeners.has(listener)) listener.snapshot(this.newest!);
  }

  private write(type: LiveMessage['type'], data: object, seq: number, streamId = this.streamId): Told {
    const time = new Date(this.options.clock.wallMs()).toISOString();
    return { seq, text: JSON.stringify({ type, seq, time, stream_id: streamId, data }) };
  }
}
