import { ViewerAnalytics } from '../analytics/viewer-analytics.ts';
import { Countries } from '../geoip/countries.ts';
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
  /** Undefined: countries are not looked up. */
  readonly countries: Countries | undefined;
}

/** Takes up the viewer sessions of an earlier process, and begins to count viewers with the other nodes. Throws what is wrong with `analytics.geoip`. */
export async function openAudience(
  { config, clock, log, node, onStop }: AppContext,
  { store }: Storage,
  told: Told,
): Promise<Audience> {
  const { dataDir } = config;
  const { geoipPath } = config.analytics;
  const countries = geoipPath === '' ? undefined : await Countries.open(geoipPath, log);
  const warehouse = await connectWarehouse({ ...config.analytics, dataDir, store, clock, log });
  onStop(() => warehouse.stop());
  const { sinks, storeRetentionMs: retentionMs } = warehouse;
  const kept = { store: store.sessions, retentionMs, sinks };
  const analytics = new ViewerAnalytics({ ...kept, clock, node, dataDir, log, countryOf: countries?.of });
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
  return { analytics, realtime, warehouse, countries };
}
