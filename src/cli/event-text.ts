import type { DeadLetterView, EventReceiverView } from '../contract/event-receivers.ts';
import type { EventView } from '../contract/events.ts';
import { localTime, oneLine, renderTable } from './table.ts';

export function eventTableText(events: readonly EventView[]): string {
  if (events.length === 0) return 'No such events.';
  const rows = events.map(({ id, time, type, stream_id: streamId, payload }) => [
    id,
    localTime(time),
    type,
    streamId,
    oneLine(payload),
  ]);
  return renderTable(['ID', 'TIME', 'TYPE', 'STREAM', 'WHAT'], rows);
}

/** One event in a line, for those who follow. */
export function eventLine({ id, time, type, stream_id: streamId, payload }: EventView): string {
  return [id, localTime(time), type, streamId ?? '-', oneLine(payload)].join('  ');
}

export function receiverTableText(receivers: readonly EventReceiverView[]): string {
  if (receivers.length === 0) return 'Nobody gets events: configure webhooks or events.url.';
  const table = renderTable(
    ['RECEIVER', 'WHERE', 'STATE', 'WAITING', 'GIVEN UP', 'DELIVERED'],
    receivers.map(({ id, place, state, waiting, dead, delivered }) => [id, place, state, waiting, dead, delivered]),
  );
  const troubles = receivers.filter(({ error }) => error !== null).map(({ id, error }) => `! ${id}: ${error}`);
  return [table, ...troubles].join('\n');
}

export function deadLetterTableText(letters: readonly DeadLetterView[]): string {
  if (letters.length === 0) return 'No event was given up.';
  return renderTable(
    ['EVENT', 'RECEIVER', 'GIVEN UP', 'ATTEMPTS', 'WHY'],
    letters.map(({ event_id: id, receiver, given_up_at: at, attempts, error }) => [
      id,
      receiver,
      localTime(at),
      attempts,
      oneLine(error),
    ]),
  );
}
