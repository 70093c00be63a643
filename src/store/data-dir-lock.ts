import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { StreamctlError } from '../base/errors.ts';
import { sqliteAddon } from './sqlite/addon.ts';
import { storeError } from './sqlite/connection.ts';

export interface DataDirLock {
  release(): void;
}

/**
 * Makes this process the only server of a data folder, until it releases the lock or dies. Throws STORE_DATA_DIR_IN_USE.
 *
 * The lock is an exclusive transaction on an empty SQLite file: Node has no flock of its own, the kernel drops SQLite's
 * locks with the process however it ends, and unlike a socket it does not outlive a crash as a file that must be guessed
 * about. `server.pid` is only there to name the holder.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  const lockPath = join(dataDir, 'server.lock');
  const pidPath = join(dataDir, 'server.pid');
  const database = openLockFile(dataDir, lockPath);
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    const mapped = storeError(error, lockPath);
    if (!(mapped instanceof StreamctlError) || mapped.code !== 'STORE_LOCKED') throw mapped;
    throw new StreamctlError('STORE_DATA_DIR_IN_USE', { path: dataDir, pid: readPid(pidPath) }, { cause: error });
  }
  writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o644 });
  return {
    release() {
      if (!database.open) return;
      rmSync(pidPath, { force: true });
      database.close();
    },
  };
}

function openLockFile(dataDir: string, lockPath: string): Sqlite.Database {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return new Sqlite(lockPath, { timeout: 0, ...sqliteAddon(dataDir) });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('STORE_UNWRITABLE', { path: lockPath, reason: code ?? 'error' }, { cause });
  }
}

function readPid(pidPath: string): string {
  try {
    return readFileSync(pidPath, 'utf8').trim();
  } catch {
    return '';
  }
}
