import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

const othersMay = 0o007;
/** Files of a data folder that only their owner may read. */
const secretFiles = /^(pepper|admin\.token|streamctl\.db(-wal|-shm)?)$/;

/** Whose the data folder is, and whether all in it is theirs. */
export function checkDataFolder({ config, server }: Host): Finding[] {
  const { dataDir } = config;
  const folder = statSync(dataDir, { throwIfNoEntry: false });
  if (folder === undefined) return [fine('data-folder-new', `There is no ${dataDir} yet: the first start makes it.`)];
  const serverUid = server && statSync(`/proc/${server.pid}`, { throwIfNoEntry: false })?.uid;
  const files = readdirSync(dataDir).map((name) => ({ name, stat: statSync(join(dataDir, name)) }));
  return [folderFinding(dataDir, folder, files, serverUid)];
}

export function folderFinding(
  path: string,
  folder: Pick<Stats, 'uid' | 'mode'>,
  files: readonly { readonly name: string; readonly stat: Pick<Stats, 'uid' | 'mode'> }[],
  serverUid: number | undefined,
): Finding {
  const owner = serverUid ?? folder.uid;
  const foreign = files.filter(({ stat }) => stat.uid !== owner).map(({ name }) => name);
  if (folder.uid !== owner || foreign.length > 0) {
    const what = folder.uid !== owner ? `${path} belongs to user ${folder.uid}` : `In ${path}, ${foreign.join(', ')}`;
    return finding('data-folder-owner', 'problem', {
      found:
        folder.uid !== owner ? `${what}, the server runs as user ${owner}.` : `${what} do not belong to user ${owner}.`,
      details: { owner, path },
    });
  }
  const open = files.filter(({ name, stat }) => secretFiles.test(name) && (stat.mode & othersMay) !== 0);
  if (open.length > 0) {
    const names = open.map(({ name }) => name);
    return finding('data-folder-open', 'warning', {
      found: `In ${path}, others may read ${names.join(', ')}.`,
      details: { files: names.map((name) => join(path, name)).join(' ') },
    });
  }
  return fine('data-folder', `${path} and all in it belong to user ${owner}.`);
}
