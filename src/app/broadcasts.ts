import { restoreTraces } from '../pipeline/restored-traces.ts';
import { StreamActors } from '../pipeline/stream-actors.ts';
import { StreamJournal } from '../pipeline/stream-journal.ts';
import { StreamRecords } from '../pipeline/stream-records.ts';
import { StreamTraces } from '../tracing/stream-traces.ts';
import { startTracing, type Tracing } from '../tracing/tracing.ts';
import type { AppContext } from './context.ts';
import type { Storage } from './storage.ts';

/** What is written down of broadcasts: rows, events and spans. */
export interface Broadcasts {
  readonly journal: StreamJournal;
  readonly records: StreamRecords;
  readonly actors: StreamActors;
  readonly traces: StreamTraces;
  /** Undefined where traces are not sent anywhere. */
  readonly tracing: Tracing | undefined;
}

/** Begins to write down what happens to broadcasts; those that an earlier process left go on in their traces. */
export async function openBroadcasts(
  { config, clock, log, node, version, onStop }: AppContext,
  { store }: Storage,
  traces = new StreamTraces(clock),
): Promise<Broadcasts> {
  const { otlpUrl: url } = config.tracing;
  const resource = { 'service.name': 'streamctl', 'service.version': version, 'host.name': node };
  const tracing = url === '' ? undefined : await startTracing({ url, resource, traces, clock, log });
  onStop(() => tracing?.stop());
  const journal = new StreamJournal(log);
  onStop(() => journal.close());
  const actors = new StreamActors();
  const records = new StreamRecords(store.streams, journal, clock, node, traces, actors);
  await restoreTraces(store, traces);
  return { journal, records, actors, traces, tracing };
}
