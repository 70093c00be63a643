import type { EventEnvelope } from '../contract/event-types.ts';

/** What came of a delivery. */
export interface DeliveryResult {
  /** How many of the events, from the first, the receiver has acknowledged. */
  readonly acknowledged: number;
  /** Why the one behind them was not taken; absent when all were. */
  readonly problem?: DeliveryProblem | undefined;
}

export interface DeliveryProblem {
  /** Of this event, for good: it will not be offered again. Otherwise it is, later. */
  readonly isRefusal: boolean;
  /** For people: bounded, without secrets. */
  readonly error: string;
  /** How long the receiver wants to be left alone; undefined where it does not say. */
  readonly retryAfterMs?: number | undefined;
}

/** Somebody outside who wants to know what happens. */
export interface EventReceiver {
  /** The same after a restart and on every node, in any order of configuration; names no secret. */
  readonly id: string;
  readonly kind: 'webhook' | 'kafka' | 'redis';
  /** Where it is, for people: never a path, a query or a password. */
  readonly place: string;
  /** How many events one delivery takes at most. */
  readonly batchSize: number;
  wants(type: string): boolean;
  /** Never rejects, and settles within `deliveryDeadlineMs`. */
  deliver(events: readonly EventEnvelope[], signal: AbortSignal): Promise<DeliveryResult>;
  close(): Promise<void>;
}

/** A lease must outlast it. */
export const deliveryDeadlineMs = 12_000;
