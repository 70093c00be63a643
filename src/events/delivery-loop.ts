import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { Log } from '../observability/log.ts';
import type { EventRow } from '../store/ports/event-store.ts';
import type { DeadLetter } from '../store/ports/outbox-store.ts';
import type { Store } from '../store/ports/store.ts';
import type { Envelopes } from './envelopes.ts';
import { type DeliveryProblem, type DeliveryResult, deliveryDeadlineMs, type EventReceiver } from './receiver.ts';
import { retryDelayMs } from './retry-delay.ts';

export interface DeliveryLoopOptions {
  readonly receiver: EventReceiver;
  readonly store: Pick<Store, 'events' | 'outbox'>;
  readonly envelopes: Envelopes;
  /** Names this node among those that share the store, and is the same after a restart. */
  readonly holder: string;
  readonly clock: Clock;
  /** Of [0, 1). */
  readonly random: () => number;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export interface LoopFiguresOfReceiver {
  /** Since the start: events acknowledged, attempts that failed, events given up. */
  readonly delivered: number;
  readonly failed: number;
  readonly buried: number;
  readonly state: 'idle' | 'delivering' | 'retrying' | 'elsewhere';
  /** What the receiver says while it takes nothing. */
  readonly error: string | undefined;
}

const leaseMs = 30_000;
/** With this and the deadline of a delivery a lease never runs out under its holder. */
const renewMs = 10_000;
const takeoverMs = 5000;
const pollMs = 1000;
const storeRetryMs = 1000;
const readAtOnce = 100;
/** An event that has failed for so long is given up. */
const buryAfterMs = 86_400_000;

/** Where the receiver stands after a step, as it has to be written down. */
interface Step {
  readonly fromEventId: number;
  readonly lastEventId: number;
  readonly buried?: readonly DeadLetter[];
}

/**
 * Brings one receiver everything it wants, in the order of the store, at least once: its position moves when it has acknowledged. Of the
 * nodes that share a store the one with the lease does it. While a receiver fails its events wait, and nobody else's.
 */
export class DeliveryLoop {
  readonly receiver: EventReceiver;
  private readonly options: DeliveryLoopOptions;
  private readonly stopping = new AbortController();
  private readonly refusals: ReportCounter;
  private readonly storeTroubles: ReportCounter;
  private running: Promise<void> | undefined;
  private endPause = () => {};
  private isNews = false;
  /** Undefined: not known, or not ours to know. */
  private position: number | undefined;
  private renewAtMs = 0;
  /** Delivered, and not yet written down: first of all that, or the same would be delivered again and again. */
  private owed: Step | undefined;
  private failing: { readonly eventId: number; readonly sinceMs: number; attempts: number } | undefined;
  private retryAtMs = 0;
  private counts = { delivered: 0, failed: 0, buried: 0 };
  private state: LoopFiguresOfReceiver['state'] = 'idle';
  private error: string | undefined;

  constructor(options: DeliveryLoopOptions) {
    this.options = options;
    this.receiver = options.receiver;
    this.refusals = new ReportCounter(options.clock);
    this.storeTroubles = new ReportCounter(options.clock, 60_000);
  }

  get figures(): LoopFiguresOfReceiver {
    const { state, error } = this;
    return { ...this.counts, state, error };
  }

  /** Resolves when it is settled where the receiver begins: one that is new gets what is written from then on. */
  async start(): Promise<void> {
    await this.hold().catch((error) => this.storeFailed(error));
    this.running ??= this.run();
  }

  /** There may be news. */
  wake(): void {
    this.isNews = true;
    this.endPause();
  }

  /** Looks anew where the receiver stands, and does not wait any longer for one that failed. */
  begin(): void {
    this.position = undefined;
    this.retryAtMs = 0;
    this.wake();
  }

  /** Offers one event outside of the order. */
  async deliverAgain(event: EventRow): Promise<DeliveryResult> {
    const result = await this.offer([event]);
    this.counts.delivered += result.acknowledged;
    if (result.problem !== undefined) this.counts.failed++;
    return result;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    await this.options.store.outbox.release(this.receiver.id, this.options.holder).catch(() => {});
    await this.receiver.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.isNews = false;
      const pauseMs = await this.step().catch((error) => this.storeFailed(error));
      if (pauseMs > 0 && !this.isNews) await this.pause(pauseMs);
    }
  }

  /** Does what there is to do; resolves with how long nothing else is. */
  private async step(): Promise<number> {
    const { clock, store } = this.options;
    if (this.owed !== undefined) await this.settle(this.owed);
    const position = await this.hold();
    if (position === undefined) {
      this.state = 'elsewhere';
      return takeoverMs;
    }
    const waitMs = this.retryAtMs - clock.monotonicMs();
    if (waitMs > 0) return Math.min(waitMs, renewMs);
    const events = await store.events.list({ afterId: position, limit: readAtOnce });
    this.state = this.failing === undefined ? 'idle' : 'retrying';
    if (events.length === 0) return pollMs;
    await this.bring(position, events);
    return 0;
  }

  /** The position, as long as this node serves the receiver. */
  private async hold(): Promise<number | undefined> {
    const { clock, store, holder } = this.options;
    const nowMs = clock.monotonicMs();
    if (this.position !== undefined && nowMs < this.renewAtMs) return this.position;
    const wallMs = clock.wallMs();
    const request = { sinkId: this.receiver.id, holder, nowMs: wallMs, untilMs: wallMs + leaseMs };
    this.position = (await store.outbox.lease(request))?.lastEventId;
    this.renewAtMs = nowMs + renewMs;
    return this.position;
  }

  private async bring(position: number, events: readonly EventRow[]): Promise<void> {
    const { receiver } = this;
    let from = position;
    for (let next = 0; next < events.length; ) {
      const wanted: EventRow[] = [];
      let upTo = from;
      while (next < events.length && wanted.length < receiver.batchSize) {
        const event = events[next++]!;
        upTo = event.id;
        if (receiver.wants(event.type)) wanted.push(event);
      }
      const isDone = await this.deliver(from, upTo, wanted);
      if (!isDone || this.options.clock.monotonicMs() >= this.renewAtMs) return;
      from = upTo;
    }
  }

  /** Whether all went well, and more can follow. */
  private async deliver(fromEventId: number, upTo: number, wanted: readonly EventRow[]): Promise<boolean> {
    if (wanted.length === 0) return await this.settle({ fromEventId, lastEventId: upTo });
    if (this.state === 'idle') this.state = 'delivering';
    const { acknowledged, problem } = await this.offer(wanted);
    this.counts.delivered += acknowledged;
    const refused = wanted[acknowledged];
    if (refused === undefined) {
      this.recovered();
      return await this.settle({ fromEventId, lastEventId: upTo });
    }
    const lastEventId = wanted[acknowledged - 1]?.id ?? fromEventId;
    if (this.stopping.signal.aborted || problem === undefined) {
      if (acknowledged > 0) await this.settle({ fromEventId, lastEventId });
      return false;
    }
    this.counts.failed++;
    const isOver = this.noteFailure(refused, problem);
    if (isOver) {
      await this.settle({ fromEventId, lastEventId: refused.id, buried: [this.bury(refused, problem)] });
    } else if (acknowledged > 0) await this.settle({ fromEventId, lastEventId });
    return false;
  }

  private async offer(events: readonly EventRow[]): Promise<DeliveryResult> {
    const envelopes = await this.options.envelopes.of(events);
    const deadline = AbortSignal.timeout(deliveryDeadlineMs);
    return await this.receiver.deliver(envelopes, AbortSignal.any([this.stopping.signal, deadline]));
  }

  /** Writes the position down; false when it was not this node's to say. */
  private async settle(step: Step): Promise<boolean> {
    this.owed = step;
    const { store, holder } = this.options;
    const isOurs = await store.outbox.advance({ ...step, sinkId: this.receiver.id, holder });
    this.owed = undefined;
    // Unless it is to be looked up anew.
    if (this.position !== undefined) this.position = isOurs ? step.lastEventId : undefined;
    return isOurs && this.position !== undefined;
  }

  /** Whether the event is to be given up. */
  private noteFailure(event: EventRow, { isRefusal, error, retryAfterMs }: DeliveryProblem): boolean {
    const { clock, random, log } = this.options;
    const { id: receiver, place } = this.receiver;
    const nowMs = clock.monotonicMs();
    if (this.failing?.eventId !== event.id) this.failing = { eventId: event.id, sinceMs: nowMs, attempts: 0 };
    const attempts = ++this.failing.attempts;
    if (isRefusal || nowMs - this.failing.sinceMs >= buryAfterMs) return true;
    if (this.error === undefined) {
      log.warn(
        { receiver, place, event: event.id, error },
        'a receiver of events takes none; they wait, and it is tried again',
      );
    }
    this.state = 'retrying';
    this.error = error;
    this.retryAtMs = nowMs + retryDelayMs(attempts, random(), retryAfterMs);
    return false;
  }

  private bury({ id: eventId, type }: EventRow, { error }: DeliveryProblem): DeadLetter {
    const { clock, log } = this.options;
    const { id: receiver, place } = this.receiver;
    const attempts = this.failing?.attempts ?? 1;
    this.failing = undefined;
    this.counts.buried++;
    this.refusals.count((count) =>
      log.warn(
        { receiver, place, event: eventId, type, error, attempts, count },
        'an event was given up: it is in the dead letters',
      ),
    );
    return { sinkId: receiver, eventId, attempts, error, buriedAtMs: clock.wallMs() };
  }

  private recovered(): void {
    if (this.error !== undefined) {
      const { id: receiver, place } = this.receiver;
      this.options.log.info({ receiver, place }, 'a receiver of events takes them again');
    }
    this.failing = undefined;
    this.error = undefined;
  }

  private storeFailed(error: unknown): number {
    this.storeTroubles.count((count) =>
      this.options.log.warn({ receiver: this.receiver.id, err: error, count }, 'events wait for the store'),
    );
    return storeRetryMs;
  }

  private async pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.after(durationMs, resolve);
      this.endPause = () => {
        cancel();
        resolve();
      };
    });
    this.endPause = () => {};
  }
}
