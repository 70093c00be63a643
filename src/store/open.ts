import { StreamctlError } from '../base/errors.ts';
import type { Store } from './ports/store.ts';

export interface OpenStoreOptions {
  /** `store.url` of the configuration. */
  readonly url: string;
  /** Default true; false opens the store as it is. */
  readonly shouldMigrate?: boolean;
}

/** Opens the store that a URL names. Throws STORE_UNSUPPORTED, and what the adapter throws. */
export async function openStore({ url, shouldMigrate = true }: OpenStoreOptions): Promise<Store> {
  const scheme = url.slice(0, url.indexOf(':'));
  if (scheme === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite/open.ts');
    return await openSqliteStore({ filePath: url.slice('sqlite:'.length), shouldMigrate });
  }
  if (!isShared(url)) throw new StreamctlError('STORE_UNSUPPORTED', { scheme });
  const { openPostgresStore } = await import('./postgres/open.ts');
  return await openPostgresStore({ url, shouldMigrate });
}

/** Whether other nodes may write to the store that a URL names: a Postgres. */
export function isShared(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}
