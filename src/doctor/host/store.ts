import { existsSync } from 'node:fs';
import { isStreamctlError } from '../../base/errors.ts';
import { isShared, openStore } from '../../store/open.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

const slowOpenMs = 1000;

/** Whether the store opens and is whole, and how long that takes. Nothing in it is changed. */
export async function checkStore({ config }: Host): Promise<Finding[]> {
  const { url } = config.store;
  const filePath = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;
  if (filePath !== undefined && !existsSync(filePath)) {
    return [fine('store-new', `There is no store yet: the first start makes ${filePath}.`)];
  }
  const beganMs = performance.now();
  try {
    const store = await openStore({ url, shouldMigrate: false });
    try {
      const keys = (await store.keys.list()).length;
      return [storeFinding(await store.status(), keys, performance.now() - beganMs)];
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    return [finding('store-unusable', 'problem', { found: error.message, remedy: error.remedy })];
  }
}

function storeFinding(
  { url, sizeBytes, migrations }: Awaited<ReturnType<Awaited<ReturnType<typeof openStore>>['status']>>,
  keys: number,
  tookMs: number,
): Finding {
  const details = { kind: isShared(url) ? 'postgres' : 'sqlite' };
  const figures = { open_ms: Math.round(tookMs), size_bytes: sizeBytes, keys };
  const missing = migrations.filter(({ isApplied }) => !isApplied).length;
  const keyText = keys === 1 ? '1 stream key' : `${keys} stream keys`;
  const found = `The store is whole: ${keyText}, ${(sizeBytes / 1e6).toFixed(1)} MB, read in ${Math.round(tookMs)} ms.`;
  if (missing > 0) {
    return finding('store-older', 'note', {
      found: `${found} It is of an older version.`,
      details,
      figures,
    });
  }
  if (tookMs < slowOpenMs) return fine('store', found, figures);
  return finding('store-slow', 'warning', {
    found,
    details,
    figures,
  });
}
