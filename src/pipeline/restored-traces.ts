import type { Store } from '../store/ports/store.ts';
import type { StreamTraces } from '../tracing/stream-traces.ts';

/**
 * The traces of the broadcasts that an earlier process left go on. One that was begun by a version without traces has none.
 */
export async function restoreTraces(store: Pick<Store, 'streams' | 'events'>, traces: StreamTraces): Promise<void> {
  for (const { id, channel, traceId, createdAtMs } of await store.streams.active()) {
    if (traceId === null) continue;
    const [created] = await store.events.list({ streamId: id, types: ['stream.created'], limit: 1 });
    const parent = created?.payload.parent_span_id;
    const parentSpanId = typeof parent === 'string' ? parent : undefined;
    traces.restore(id, channel, { traceId, parentSpanId }, createdAtMs);
  }
}
