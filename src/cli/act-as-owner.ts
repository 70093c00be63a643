import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Run by root on the data folder of a service, a command goes on as the owner of the folder: files that it made as root
 * (SQLite's -wal and -shm among them) would keep the service from writing.
 */
export function actAsOwnerOf(dataDir: string): void {
  if (process.geteuid?.() !== 0) return;
  const owner = statOf(dataDir) ?? statOf(dirname(dataDir));
  if (owner === undefined || owner.uid === 0) return;
  process.setgroups?.([]);
  process.setegid?.(owner.gid);
  process.seteuid?.(owner.uid);
}

function statOf(path: string): { uid: number; gid: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
