import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import type { Config } from '../config/schema.ts';
import { openStore } from '../store/open.ts';
import type { Store, StoreStatus } from '../store/ports/store.ts';
import { actAsOwnerOf } from './act-as-owner.ts';
import { megabytes, renderPairs, renderTable } from './table.ts';

/** Calls `use` with the configured store, and closes it. */
export async function withStore<Result>(
  config: Config,
  shouldMigrate: boolean,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  actAsOwnerOf(config.dataDir);
  const store = await openStore({ url: config.store.url, shouldMigrate });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** A whole copy of the store, also while a server writes to it. Throws STORE_BACKUP_EXISTS. */
export async function backupStore(config: Config, file: string): Promise<string> {
  const path = resolve(file);
  return await withStore(config, false, async (store) => {
    reserve(path);
    try {
      await store.backup(path);
      chmodSync(path, 0o600);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    return path;
  });
}

/** Makes the file, so that it is nobody else's from the first byte, and no file is written over. */
function reserve(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new StreamctlError('STORE_BACKUP_EXISTS', { path }, { cause });
    throw new StreamctlError('STORE_UNWRITABLE', { path, reason: code }, { cause });
  }
}

export function storeStatusText({ url, sizeBytes, migrations }: StoreStatus): string {
  const pairs = renderPairs([
    ['store', url],
    ['size', megabytes(sizeBytes)],
  ]);
  const rows = migrations.map(({ name, isApplied }) => [name, isApplied ? 'applied' : 'missing']);
  return `${pairs}\n\n${renderTable(['MIGRATION', 'STATE'], rows)}`;
}
