import type { EventType } from '../../contract/event-types.ts';
import type { JsonValue } from './json-value.ts';

export interface NewEvent {
  readonly timeMs: number;
  /** One of the catalogue, where what it carries is said. */
  readonly type: EventType;
  readonly streamId: string | null;
  readonly traceId: string | null;
  readonly payload: { readonly [key: string]: JsonValue };
}

export interface EventRow extends Omit<NewEvent, 'type'> {
  /** Grows with every event of the store. */
  readonly id: number;
  /** Also one that this version does not know: of a store that a later version has written to. */
  readonly type: string;
}

export interface EventFilter {
  readonly streamId?: string | undefined;
  /** Only events with a higher id. */
  readonly afterId?: number | undefined;
  /** Only events of these types. */
  readonly types?: readonly string[] | undefined;
  readonly limit: number;
}

/** Which events go. */
export interface EventRemoval {
  /** Those that happened before. */
  readonly timeMs: number;
  /** Absent: whatever their id. */
  readonly upToId?: number | undefined;
  /** So many of the oldest are looked at. */
  readonly limit: number;
}

export interface EventStore {
  append(event: NewEvent): Promise<EventRow>;
  /** Oldest first. */
  list(filter: EventFilter): Promise<readonly EventRow[]>;
  /** Id of the newest event; 0 while there is none. */
  newestId(): Promise<number>;
  /** Removes them and tells how many; the newest of all stays, from which ids go on, and so does what is a dead letter. */
  removeBefore(removal: EventRemoval): Promise<number>;
}
