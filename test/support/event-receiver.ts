import type { EventEnvelope } from '../../src/contract/event-types.ts';
import type { DeliveryResult, EventReceiver } from '../../src/events/receiver.ts';

/** A receiver that a test tells what to do. */
export class ScriptedReceiver implements EventReceiver {
  readonly id: string;
  readonly kind = 'webhook';
  readonly place = 'test';
  readonly batchSize: number;
  /** Ids of all events it was offered, and of those it has acknowledged. */
  readonly offered: number[] = [];
  readonly acknowledged: number[] = [];
  /** Times of the offers, of the clock that the test gives. */
  readonly offeredAtMs: number[] = [];
  types: readonly string[] | undefined;
  /** Undefined takes all. */
  answer: ((events: readonly EventEnvelope[]) => DeliveryResult | Promise<DeliveryResult>) | undefined;
  isClosed = false;
  private readonly nowMs: () => number;

  constructor({
    id = 'test',
    batchSize = 1,
    nowMs = () => 0,
  }: { id?: string; batchSize?: number; nowMs?: () => number } = {}) {
    this.id = id;
    this.batchSize = batchSize;
    this.nowMs = nowMs;
  }

  wants(type: string): boolean {
    return this.types?.includes(type) ?? true;
  }

  async deliver(events: readonly EventEnvelope[]): Promise<DeliveryResult> {
    this.offered.push(...events.map(({ id }) => id));
    this.offeredAtMs.push(this.nowMs());
    const result = (await this.answer?.(events)) ?? { acknowledged: events.length };
    this.acknowledged.push(...events.slice(0, result.acknowledged).map(({ id }) => id));
    return result;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

export function failure(error = 'it is down'): DeliveryResult {
  return { acknowledged: 0, problem: { isRefusal: false, error } };
}

export function refusal(error = 'it does not want this'): DeliveryResult {
  return { acknowledged: 0, problem: { isRefusal: true, error } };
}
