import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import type { ApiTokens } from './api-tokens.ts';

/**
 * Gives a store without any token its first one, for the administrator, in `admin.token` of the data folder, which only its owner
 * may read. Resolves with the path of the file where it was written. Throws ACCESS_ADMIN_TOKEN_UNWRITABLE.
 */
export async function provideAdminToken(tokens: ApiTokens, dataDir: string): Promise<string | undefined> {
  if ((await tokens.list()).length > 0) return undefined;
  const path = join(dataDir, 'admin.token');
  await tokens.create({ name: 'administrator', scopes: ['admin'] }, (text) => {
    try {
      writeWhole(path, `${text}\n`);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new StreamctlError('ACCESS_ADMIN_TOKEN_UNWRITABLE', { path, reason }, { cause });
    }
  });
  return path;
}

/** Either all of it is on the disk under its name, or what was there before. */
function writeWhole(path: string, content: string): void {
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
