import type Sqlite from 'better-sqlite3';
import { embeddedFile, isExecutable } from '../../base/embedded.ts';
import { loadEmbeddedAddon } from '../../base/native-addon.ts';

/** Options by which better-sqlite3 finds its native half: none from the sources; in the executable it is written beside the database. */
export function sqliteAddon(folder: string): Sqlite.Options {
  if (!isExecutable) return {};
  return { nativeBinding: loadEmbeddedAddon('sqlite', embeddedFile('better-sqlite3.node'), folder) as string };
}
