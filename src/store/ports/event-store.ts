import type { JsonValue } from './json-value.ts';

export interface NewEvent {
  readonly timeMs: number;
  /** `stream.started`, `key.created`, … */
  readonly type: string;
  readonly streamId: string | null;
  readonly traceId: string | null;
  readonly payload: { readonly [key: string]: JsonValue };
}

export interface EventRow extends NewEvent {
  /** Grows with every event of the store. */
  readonly id: number;
}

export interface EventFilter {
  readonly streamId?: string | undefined;
  /** Only events with a higher id. */
  readonly afterId?: number | undefined;
  /** Only events of these types. */
  readonly types?: readonly string[] | undefined;
  readonly limit: number;
}

export interface EventStore {
  append(event: NewEvent): Promise<EventRow>;
  /** Oldest first. */
  list(filter: EventFilter): Promise<readonly EventRow[]>;
  /** Id of the newest event; 0 while there is none. */
  newestId(): Promise<number>;
}
