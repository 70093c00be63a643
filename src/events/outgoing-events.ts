import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import type { SinkBacklog } from '../store/ports/outbox-store.ts';
import type { Store } from '../store/ports/store.ts';
import { DeliveryLoop, type LoopFiguresOfReceiver } from './delivery-loop.ts';
import { Envelopes } from './envelopes.ts';
import type { EventReceiver } from './receiver.ts';

export interface OutgoingEventsOptions {
  readonly receivers: readonly EventReceiver[];
  readonly store: Pick<Store, 'events' | 'outbox' | 'streams'>;
  /** Names this node among those that share the store, and is the same after a restart. */
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** A receiver and how it does. */
export interface ReceiverStatus {
  readonly id: string;
  /** Null for one that is not configured any more. */
  readonly kind: EventReceiver['kind'] | null;
  readonly place: string | null;
  readonly state: LoopFiguresOfReceiver['state'] | 'unconfigured';
  readonly error: string | undefined;
  readonly lastEventId: number;
  readonly waiting: number;
  readonly dead: number;
  readonly delivered: number;
  readonly failed: number;
}

export interface ReplayRequest {
  /** Absent: all that are configured. */
  readonly receiverId?: string | undefined;
  /** Deliver this event again, and all behind it. */
  readonly fromEventId?: number | undefined;
  readonly deadLetters?: boolean | undefined;
}

/** What is being delivered again to a receiver. */
export interface ReplayAnswer {
  readonly receiverId: string;
  readonly events: number;
  readonly deadLetters: number;
}

const sampleMs = 10_000;
const maxWaiting = 1000;
const deadLettersAtOnce = 1000;

/** All receivers of events, each with a loop of its own. */
export class OutgoingEvents {
  private readonly options: OutgoingEventsOptions;
  private readonly loops: readonly DeliveryLoop[];
  private readonly replaying = new Map<string, Promise<void>>();
  private sampled: ReadonlyMap<string, SinkBacklog> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(options: OutgoingEventsOptions) {
    this.options = options;
    const { receivers, store, holder, clock, log } = options;
    const envelopes = new Envelopes(store.streams);
    this.loops = receivers.map(
      (receiver) => new DeliveryLoop({ receiver, store, envelopes, holder, clock, random: Math.random, log }),
    );
  }

  /** Resolves when everybody gets what is written from then on. */
  async start(): Promise<void> {
    if (this.loops.length === 0) return;
    await Promise.all(this.loops.map((loop) => loop.start()));
    this.timer = setInterval(() => void this.sample(), sampleMs);
    void this.sample();
  }

  /** An event was written. */
  readonly wake = (): void => {
    for (const loop of this.loops) loop.wake();
  };

  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await Promise.all(this.replaying.values());
  }

  /** Of those that are configured: what has happened here, and what waited some seconds ago. For those who look often. */
  readonly recent = (): readonly ReceiverStatus[] =>
    this.loops.map(({ receiver: { id, kind, place }, figures }) => {
      const { lastEventId = 0, waiting = 0, dead = 0 } = this.sampled.get(id) ?? {};
      return { id, kind, place, ...figures, lastEventId, waiting, dead };
    });

  /** The event up to which everybody who is configured had everything, some seconds ago; undefined where nobody is. */
  readonly deliveredUpTo = (): number | undefined => {
    const ids = this.recent().map(({ lastEventId }) => lastEventId);
    return ids.length === 0 ? undefined : Math.min(...ids);
  };

  /** What an operator should do something about. */
  warnings(): string[] {
    return this.recent().flatMap(({ id, place, error, waiting, dead }) => [
      ...(error === undefined ? [] : [`events do not reach ${place} (${id}): ${error}`]),
      ...(waiting > maxWaiting ? [`${waiting} events wait for ${place} (${id})`] : []),
      ...(dead > 0 ? [`${place} (${id}) did not take ${dead} events: streamctl events replay --dead-letters`] : []),
    ]);
  }

  /** Of all receivers there ever were. Throws what the store throws. */
  async status(): Promise<readonly ReceiverStatus[]> {
    const known = new Map((await this.options.store.outbox.backlog()).map((row) => [row.sinkId, row]));
    const configured = this.loops.map(({ receiver, figures }): ReceiverStatus => {
      const { id, kind, place } = receiver;
      const { lastEventId = 0, waiting = 0, dead = 0 } = known.get(id) ?? {};
      known.delete(id);
      return { id, kind, place, ...figures, lastEventId, waiting, dead };
    });
    const gone = [...known.values()].map(
      ({ sinkId: id, lastEventId, waiting, dead }): ReceiverStatus => ({
        ...{ id, kind: null, place: null, state: 'unconfigured', error: undefined },
        ...{ lastEventId, waiting, dead, delivered: 0, failed: 0 },
      }),
    );
    return [...configured, ...gone];
  }

  /** Begins to deliver again; who wants to know how it goes asks for the status. Throws EVENTS_RECEIVER_UNKNOWN, EVENTS_REPLAY_NOTHING. */
  async replay({ receiverId, fromEventId, deadLetters = false }: ReplayRequest): Promise<readonly ReplayAnswer[]> {
    if (fromEventId === undefined && !deadLetters) throw new StreamctlError('EVENTS_REPLAY_NOTHING', {});
    const loops = this.loops.filter(({ receiver }) => receiverId === undefined || receiver.id === receiverId);
    if (loops.length === 0) throw new StreamctlError('EVENTS_RECEIVER_UNKNOWN', { receiver: receiverId ?? '' });
    if (fromEventId !== undefined) await Promise.all(loops.map((loop) => this.sendBack(loop, fromEventId - 1)));
    const backlog = await this.options.store.outbox.backlog();
    return loops.map((loop) => {
      const { waiting = 0, dead = 0 } = backlog.find(({ sinkId }) => sinkId === loop.receiver.id) ?? {};
      if (deadLetters) this.bringDeadLetters(loop);
      return { receiverId: loop.receiver.id, events: waiting, deadLetters: deadLetters ? dead : 0 };
    });
  }

  private async sendBack(loop: DeliveryLoop, lastEventId: number): Promise<void> {
    await this.options.store.outbox.seek(loop.receiver.id, lastEventId);
    loop.begin();
  }

  private bringDeadLetters(loop: DeliveryLoop): void {
    const { id } = loop.receiver;
    if (this.replaying.has(id)) return;
    const work = this.offerDeadLetters(loop)
      .catch((error) => this.options.log.warn({ receiver: id, err: error }, 'dead letters could not be delivered'))
      .finally(() => this.replaying.delete(id));
    this.replaying.set(id, work);
  }

  /** Oldest first, until the receiver takes none at all; what it refuses again stays where it is. */
  private async offerDeadLetters(loop: DeliveryLoop): Promise<void> {
    const { events, outbox } = this.options.store;
    const sinkId = loop.receiver.id;
    for (const { eventId } of await outbox.deadLetters({ sinkId, limit: deadLettersAtOnce })) {
      if (this.isStopping) return;
      const [event] = await events.list({ afterId: eventId - 1, limit: 1 });
      const problem = event?.id === eventId ? (await loop.deliverAgain(event)).problem : undefined;
      if (problem === undefined) await outbox.removeDeadLetter(sinkId, eventId);
      else if (!problem.isRefusal) return;
    }
  }

  private async sample(): Promise<void> {
    try {
      const backlog = await this.options.store.outbox.backlog();
      this.sampled = new Map(backlog.map((row) => [row.sinkId, row]));
    } catch {
      // the loops tell of a store that is away
    }
  }
}
