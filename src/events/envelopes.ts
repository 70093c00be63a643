import type { EventEnvelope } from '../contract/event-types.ts';
import type { EventRow } from '../store/ports/event-store.ts';
import type { StreamStore } from '../store/ports/stream-store.ts';
import { broadcastSpanId, traceparentOf } from '../tracing/trace-context.ts';

/** Of how many broadcasts it is remembered whose they are. */
const maxRemembered = 1000;

interface Whose {
  readonly channel: string;
  readonly node: string;
}

/** Puts events into the envelopes that receivers get: with the channel and node of their broadcast, which the event itself does not name. */
export class Envelopes {
  private readonly streams: Pick<StreamStore, 'find'>;
  private readonly remembered = new Map<string, Whose>();

  constructor(streams: Pick<StreamStore, 'find'>) {
    this.streams = streams;
  }

  /** Throws what the store throws. */
  async of(event: EventRow): Promise<EventEnvelope> {
    const { id, timeMs, type, streamId, traceId, payload } = event;
    const whose = streamId === null ? undefined : await this.whose(streamId);
    const { channel } = payload;
    return {
      id,
      time: new Date(timeMs).toISOString(),
      type,
      stream_id: streamId,
      channel: whose?.channel ?? (typeof channel === 'string' ? channel : null),
      trace_id: traceId,
      ...(traceId !== null && {
        traceparent: traceparentOf(traceId, streamId === null ? undefined : broadcastSpanId(streamId)),
      }),
      node: whose?.node ?? null,
      data: payload as EventEnvelope['data'],
    };
  }

  private async whose(streamId: string): Promise<Whose | undefined> {
    const known = this.remembered.get(streamId);
    if (known !== undefined) return known;
    const row = await this.streams.find(streamId);
    if (row === undefined) return undefined;
    if (this.remembered.size >= maxRemembered) {
      for (const oldest of this.remembered.keys()) {
        this.remembered.delete(oldest);
        break;
      }
    }
    const whose = { channel: row.channel, node: row.node };
    this.remembered.set(streamId, whose);
    return whose;
  }
}
