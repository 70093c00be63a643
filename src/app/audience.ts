import { ViewerAnalytics } from '../analytics/viewer-analytics.ts';
import { connectRealtime, type Realtime } from '../realtime/connect-realtime.ts';
import { connectWarehouse, type Warehouse } from '../warehouse/connect-warehouse.ts';
import type { AppContext } from './context.ts';
import type { Storage } from './storage.ts';
import type { Told } from './told.ts';

/** Who watches, and who has watched. */
export interface Audience {
  /** On this node. */
  readonly analytics: ViewerAnalytics;
  /** On all nodes. */
  readonly realtime: Realtime;
  readonly warehouse: Warehouse;
}

/** Takes up the viewer sessions of an earlier process, and begins to count viewers with the other nodes. */
export async function openAudience(
  { config, clock, log, node, onStop }: AppContext,
  { store }: Storage,
  told: Told,
): Promise<Audience> {
  const { dataDir } = config;
  const warehouse = await connectWarehouse({ ...config.analytics, dataDir, store, clock, log });
  onStop(() => warehouse.stop());
  const { sinks, storeRetentionMs: retentionMs } = warehouse;
  const analytics = new ViewerAnalytics({ store: store.sessions, retentionMs, sinks, clock, node, dataDir, log });
  await analytics.start();
  onStop(() => analytics.stop());
  const realtime = await connectRealtime({
    target: config.realtime.target,
    nodeId: `${node}:${dataDir}`,
    audience: analytics,
    publishers: () => told.media?.publishers ?? 0,
    clock,
    log,
  });
  onStop(() => realtime.stop());
  return { analytics, realtime, warehouse };
}
