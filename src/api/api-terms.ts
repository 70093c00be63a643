import type { Config } from '../config/schema.ts';
import { isShared } from '../store/open.ts';
import type { ApiOptions } from './app.ts';

/** What the API has to know of the configuration. */
export function apiTermsOf({
  rtmp,
  auth,
  store,
}: Pick<Config, 'rtmp' | 'auth' | 'store'>): Pick<ApiOptions, 'pendingTimeoutMs' | 'isPublishOpen' | 'isStoreShared'> {
  return {
    pendingTimeoutMs: rtmp.pendingTimeoutMs,
    isPublishOpen: auth.openPublish,
    isStoreShared: isShared(store.url),
  };
}
