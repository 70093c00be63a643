import type { EventEnvelope } from '../../src/contract/event-types.ts';

export function someEnvelope(id: number, members: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    id,
    time: '2026-01-01T00:00:00.000Z',
    type: 'stream.started',
    stream_id: `st_${'abcde'[id % 5]}`,
    channel: 'morning-show',
    trace_id: null,
    node: 'test',
    data: {},
    ...members,
  };
}
