import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../vectors/cmcd');

/** CMCD texts as real players sent them (`record-players.ts`), by player, format, version and mode. */
export function recordings(): readonly { readonly name: string; readonly texts: readonly string[] }[] {
  return readdirSync(folder).map((file) => ({
    name: file.slice(0, -'.txt'.length),
    texts: readFileSync(join(folder, file), 'utf8').trimEnd().split('\n'),
  }));
}
