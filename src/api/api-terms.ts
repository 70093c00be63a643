import type { Config } from '../config/schema.ts';
import { isShared } from '../store/open.ts';
import type { ApiOptions } from './app.ts';

/** What the API has to know of the configuration. */
export function apiTermsOf({
  rtmp,
  auth,
  store,
  metrics,
}: Pick<Config, 'rtmp' | 'auth' | 'store' | 'metrics'>): Pick<
  ApiOptions,
  'pendingTimeoutMs' | 'isPublishOpen' | 'isStoreShared' | 'isMetricsPublic'
> {
  return {
    pendingTimeoutMs: rtmp.pendingTimeoutMs,
    isPublishOpen: auth.openPublish,
    isMetricsPublic: metrics.isPublic,
    isStoreShared: isShared(store.url),
  };
}
