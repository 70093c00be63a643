import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import { defaultConfigFile } from '../config/default-file.ts';

/** Writes the commented default file; returns its full path. Throws CONFIG_FILE_EXISTS or CONFIG_FILE_UNWRITABLE. */
export function writeDefaultConfig(file: string, shouldOverwrite: boolean): string {
  const path = resolve(file);
  try {
    writeFileSync(path, defaultConfigFile(), { flag: shouldOverwrite ? 'w' : 'wx', mode: 0o640 });
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new StreamctlError('CONFIG_FILE_EXISTS', { path }, { cause });
    throw new StreamctlError('CONFIG_FILE_UNWRITABLE', { path, reason: code }, { cause });
  }
  return path;
}
