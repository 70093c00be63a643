import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { embeddedFile, isExecutable } from '../../base/embedded.ts';

/**
 * Options by which better-sqlite3 finds its native half: none from the sources. In the executable it is written beside the database,
 * because the system loads libraries from files only; one of an older release goes.
 */
export function sqliteAddon(folder: string): Sqlite.Options {
  if (!isExecutable) return {};
  const bytes = embeddedFile('better-sqlite3.node');
  const name = `sqlite-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.node`;
  const path = join(folder, name);
  if (!existsSync(path)) {
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, bytes, { mode: 0o500 });
    renameSync(partial, path);
    for (const other of readdirSync(folder)) {
      if (/^sqlite-[0-9a-f]{16}\.node$/.test(other) && other !== name) rmSync(join(folder, other), { force: true });
    }
  }
  const addon = { exports: {} };
  process.dlopen(addon, path);
  return { nativeBinding: addon.exports as unknown as string };
}
