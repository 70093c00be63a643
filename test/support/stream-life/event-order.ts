import { isTransitionLegal, type StreamEndReason, type StreamState } from '../../../src/contract/stream-state.ts';
import type { EventRow } from '../../../src/store/ports/event-store.ts';
import type { StreamRow } from '../../../src/store/ports/stream-store.ts';

/** What the events of one stream tell of it. */
interface Told {
  state: StreamState | undefined;
  reason: string | null;
  isInterrupted: boolean;
}

/** How long is waited for publishers. */
export interface Waits {
  readonly graceMs: number;
  readonly pendingTimeoutMs: number;
}

/** An event has the time at which control hears of it, which is later on a busy machine. */
const hearsayMs = 500;

/** Everything that is wrong with the events of one stream, oldest first, and with its row. */
export function eventMistakes(events: readonly EventRow[], row: StreamRow, waits: Waits): string[] {
  const mistakes: string[] = [];
  const told: Told = { state: undefined, reason: null, isInterrupted: false };
  let lastId = 0;
  for (const event of events) {
    if (event.id <= lastId) mistakes.push(`event ${event.id} after ${lastId}`);
    lastId = event.id;
    const why = take(told, event);
    if (why !== undefined) mistakes.push(`${event.type} (${event.id}) ${why}, after ${JSON.stringify(told)}`);
  }
  if (isTooSoon(events, waits)) mistakes.push('it ended before it had been waited for long enough');
  const { state, reason, interruptedSinceMs } = row;
  const kept = { state, reason, isInterrupted: interruptedSinceMs !== null };
  if (JSON.stringify(kept) !== JSON.stringify(told)) {
    mistakes.push(`the row has ${JSON.stringify(kept)}, its events tell ${JSON.stringify(told)}`);
  }
  if ((row.endedAtMs !== null) !== (state === 'ENDED_GRACEFULLY' || state === 'ERROR')) mistakes.push('ended_at');
  return mistakes;
}

/** Whether the end came before the time that publishers have. */
function isTooSoon(events: readonly EventRow[], { graceMs, pendingTimeoutMs }: Waits): boolean {
  const last = events.at(-1);
  const since = (type: string) => (last?.timeMs ?? 0) - (events.findLast((event) => event.type === type)?.timeMs ?? 0);
  switch (last?.payload.reason) {
    case 'no_publisher':
      return since('stream.created') < pendingTimeoutMs - hearsayMs;
    case 'publisher_lost':
      return since('stream.interrupted') < graceMs - hearsayMs;
    default:
      return false;
  }
}

/** Takes one more event over; says why it may not come here. */
function take(told: Told, { type, payload }: EventRow): string | undefined {
  if (type === 'stream.created') {
    if (told.state !== undefined) return 'twice';
    told.state = 'PENDING_INGEST';
    return undefined;
  }
  if (told.state === undefined) return 'before the stream was created';
  if (told.state !== 'PENDING_INGEST' && told.state !== 'ACTIVE') return 'after the end';
  switch (type) {
    case 'stream.started':
      return enter(told, 'ACTIVE', null);
    case 'stream.interrupted':
      if (told.state !== 'ACTIVE') return 'before it started';
      if (told.isInterrupted && payload.why !== 'restart') return 'twice';
      told.isInterrupted = true;
      return undefined;
    case 'stream.resumed':
      if (!told.isInterrupted) return 'without an interruption';
      told.isInterrupted = false;
      return undefined;
    case 'stream.publisher_refused':
      return told.state === 'PENDING_INGEST' ? undefined : 'of a broadcast that has begun';
    case 'stream.ended':
      told.isInterrupted = false;
      return enter(told, payload.state as StreamState, payload.reason as StreamEndReason);
    case 'stream.publisher_replaced':
    case 'stream.warning':
      return undefined;
    default:
      return 'is not known';
  }
}

function enter(told: Told, state: StreamState, reason: StreamEndReason | null): string | undefined {
  const isLegal = isTransitionLegal(told.state!, state, reason);
  told.state = state;
  told.reason = reason;
  return isLegal ? undefined : 'is no step of the table';
}
