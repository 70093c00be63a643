import type { EventEnvelope } from '../contract/event-types.ts';
import type { EventRow } from '../store/ports/event-store.ts';
import type { StreamRow, StreamStore } from '../store/ports/stream-store.ts';
import { broadcastSpanId, traceparentOf } from '../tracing/trace-context.ts';

type Whose = Pick<StreamRow, 'channel' | 'node'>;

/** Puts events into the envelopes that receivers get: with the channel and node of their broadcast, which the event itself does not name. */
export class Envelopes {
  private readonly streams: Pick<StreamStore, 'find'>;

  constructor(streams: Pick<StreamStore, 'find'>) {
    this.streams = streams;
  }

  /** Throws what the store throws. */
  async of(events: readonly EventRow[]): Promise<EventEnvelope[]> {
    const streams = new Map<string, Whose | undefined>();
    for (const { streamId } of events) {
      if (streamId !== null && !streams.has(streamId)) streams.set(streamId, await this.streams.find(streamId));
    }
    return events.map((event) => envelopeOf(event, event.streamId === null ? undefined : streams.get(event.streamId)));
  }
}

function envelopeOf(
  { id, timeMs, type, streamId, traceId, payload }: EventRow,
  whose: Whose | undefined,
): EventEnvelope {
  const { channel } = payload;
  const spanId = streamId === null ? undefined : broadcastSpanId(streamId);
  return {
    id,
    time: new Date(timeMs).toISOString(),
    type,
    stream_id: streamId,
    channel: whose?.channel ?? (typeof channel === 'string' ? channel : null),
    trace_id: traceId,
    ...(traceId !== null && { traceparent: traceparentOf(traceId, spanId) }),
    node: whose?.node ?? null,
    data: payload as EventEnvelope['data'],
  };
}
