import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Loads a native addon that travels inside the executable; gives what it exports. It is written into `folder` as
 * `NAME-HASH.node`, because the system loads libraries from files only; one of an older release goes.
 */
export function loadEmbeddedAddon(name: string, bytes: Uint8Array, folder: string): unknown {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const file = `${name}-${hash}.node`;
  const path = join(folder, file);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const partial = `${path}.${process.pid}`;
    writeFileSync(partial, bytes, { mode: 0o500 });
    renameSync(partial, path);
    const others = new RegExp(`^${name}-[0-9a-f]{16}\\.node$`);
    for (const other of readdirSync(folder)) {
      if (others.test(other) && other !== file) rmSync(join(folder, other), { force: true });
    }
  }
  return loadAddon(path);
}

/** Loads a native addon from its file; gives what it exports. */
export function loadAddon(path: string): unknown {
  const addon = { exports: {} };
  process.dlopen(addon, path);
  return addon.exports;
}
