import { join } from 'node:path';
import type { SessionSink } from '../analytics/ports.ts';
import type { Clock } from '../base/clock.ts';
import type { AnalyticsTarget } from '../config/analytics-url.ts';
import type { Log } from '../observability/log.ts';
import type { HistoryRange, SessionHistory } from '../store/ports/session-history.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { WarehouseStats } from './session-warehouse.ts';

/** Where ended sessions go beside the store, and who is asked about them. */
export interface Warehouse {
  readonly sinks: readonly SessionSink[];
  /** Who is asked about the sessions of a time: the store of what it still has all of, and of those that go on. */
  readonly historyOf: (range: Pick<HistoryRange, 'fromMs'>) => SessionHistory;
  /** Who lists the viewers of a broadcast: the store those of the last day, which ClickHouse may not have yet. */
  readonly listerOf: (stream: Pick<StreamRow, 'endedAtMs'>) => Pick<SessionHistory, 'listEnded'>;
  /** How long the store keeps what ClickHouse keeps too. */
  readonly storeRetentionMs: number;
  warnings(): string[];
  /** Undefined where the store keeps everything. */
  stats(): WarehouseStats | undefined;
  stop(): Promise<void>;
}

export interface WarehouseConnection {
  readonly target: AnalyticsTarget;
  readonly retentionMs: number;
  readonly dataDir: string;
  readonly store: Pick<Store, 'sessions' | 'streams'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** On the disk of a node: about 600,000 sessions. */
const spoolBytes = 256 * 1024 * 1024;
/** Of what ClickHouse keeps, the store needs what a restart goes on with. */
const shortRetentionMs = 86_400_000;
/** For so long it has all of it, and ClickHouse may not yet. */
const surelyStoredMs = shortRetentionMs / 2;

/** Begins to bring sessions to ClickHouse where that is configured; what it needs is loaded only then. */
export async function connectWarehouse(options: WarehouseConnection): Promise<Warehouse> {
  const { target, retentionMs, dataDir, store, clock, log } = options;
  if (target.kind === 'store') {
    return {
      ...{ sinks: [], historyOf: () => store.sessions, listerOf: () => store.sessions, storeRetentionMs: retentionMs },
      ...{ warnings: () => [], stats: () => undefined, stop: async () => {} },
    };
  }
  const [{ ClickHouseClient }, { ClickHouseHistory }, { SessionWarehouse }] = await Promise.all([
    import('./clickhouse-client.ts'),
    import('./clickhouse-history.ts'),
    import('./session-warehouse.ts'),
  ]);
  const client = new ClickHouseClient(target);
  const warehouse = new SessionWarehouse({
    ...{ client, retentionMs, clock, log, spoolBytes },
    spoolFolder: join(dataDir, 'analytics-spool'),
    channelOf: async (streamId) => (await store.streams.find(streamId))?.channel,
  });
  await warehouse.start();
  const history = new ClickHouseHistory(client);
  return {
    sinks: [warehouse],
    historyOf: ({ fromMs }) => (clock.wallMs() - fromMs > surelyStoredMs ? history : store.sessions),
    listerOf: ({ endedAtMs }) =>
      endedAtMs !== null && clock.wallMs() - endedAtMs > surelyStoredMs ? history : store.sessions,
    storeRetentionMs: Math.min(retentionMs, shortRetentionMs),
    warnings: () => warehouse.warnings(),
    stats: () => warehouse.stats(),
    stop: () => warehouse.stop(),
  };
}
