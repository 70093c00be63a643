import { eventViewOf } from '../api/views.ts';
import type { LiveMessageType } from '../contract/live-metrics.ts';
import type { EventRow } from '../store/ports/event-store.ts';

/** What is told of an event, to who may see all of it. */
export interface Notification {
  readonly type: LiveMessageType;
  readonly data: EventRow['payload'];
}

/** An event as watchers hear of it. */
export function notificationOf(event: EventRow): Notification {
  const { type, payload, timeMs } = event;
  switch (type) {
    case 'stream.created':
      return { type: 'state', data: { state: 'PENDING_INGEST', reason: null } };
    case 'stream.started':
      return { type: 'state', data: { state: 'ACTIVE', reason: null } };
    case 'stream.ended':
      return { type: 'state', data: { state: payload.state ?? null, reason: payload.reason ?? null } };
    case 'stream.interrupted':
      return {
        type: 'interruption',
        data: { interrupted_since: new Date(timeMs).toISOString(), why: payload.why ?? null },
      };
    case 'stream.resumed':
      return { type: 'interruption', data: { interrupted_since: null, why: null } };
    case 'rung.withdrawn':
      return { type: 'quality', data: quality(payload, 'withdrawn') };
    case 'rung.restored':
      return { type: 'quality', data: quality(payload, 'live') };
    case 'rung.wanted':
      return { type: 'quality', data: quality(payload, 'starting') };
    case 'rung.rested':
      return { type: 'quality', data: quality(payload, 'resting') };
    case 'ladder.degraded':
      return { type: 'quality', data: quality(payload, 'degraded') };
    case 'ladder.recovered':
      return { type: 'quality', data: quality(payload, 'running') };
    default:
      return { type: type.startsWith('key.') ? 'key' : 'event', data: { ...eventViewOf(event) } };
  }
}

/** Of a notification, what everybody who may watch is told: the state of the broadcast, not why. */
export function publicNotificationOf({ type, data }: Notification): Notification | undefined {
  if (type === 'state') return { type, data: { state: data.state ?? null, reason: null } };
  if (type !== 'interruption') return undefined;
  return { type, data: { interrupted_since: data.interrupted_since ?? null, why: null } };
}

/** `rung`: null where all of the ladder is meant. */
function quality(payload: EventRow['payload'], state: string): EventRow['payload'] {
  return { rung: payload.rung ?? null, state, why: payload.why ?? null };
}
