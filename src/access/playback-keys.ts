import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import { randomBase32 } from '../contract/names.ts';
import type { PlaybackKey } from './playback-token.ts';

/** A line of the file: the key's name, and 256 random bits as 64 hexadecimal digits. Signed is with the digits as they stand there. */
const lineForm = /^([A-Za-z0-9_-]{1,32})[ \t]+([0-9a-f]{64})$/;

export interface PlaybackKeysOptions {
  readonly path: string;
  /** Whether a missing file is made: not where several nodes are to have the same. */
  readonly mayCreate: boolean;
}

/**
 * Reads the keys of signed playback: a line each, the first signs, all are good. Empty lines and what follows a `#` are passed over.
 * Throws ACCESS_PLAYBACK_KEYS_UNREADABLE, also when others may read the file.
 */
export function loadPlaybackKeys({ path, mayCreate }: PlaybackKeysOptions): readonly PlaybackKey[] {
  try {
    if (mayCreate) create(path);
    if ((statSync(path).mode & 0o077) !== 0) throw new Error('others may use it: chmod 600');
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('ACCESS_PLAYBACK_KEYS_UNREADABLE', { path, reason: code ?? message }, { cause });
  }
}

function parse(text: string): readonly PlaybackKey[] {
  const keys: PlaybackKey[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.replace(/#.*/, '').trim();
    if (content === '') continue;
    const [, kid, hex] = lineForm.exec(content) ?? [];
    if (kid === undefined || hex === undefined) {
      throw new Error(`line ${index + 1} is not a name and 64 hexadecimal digits`);
    }
    if (keys.some((key) => key.kid === kid)) throw new Error(`line ${index + 1} has a name that was there before`);
    keys.push({ kid, secret: new TextEncoder().encode(hex) });
  }
  if (keys.length === 0) throw new Error('there is no key in it');
  return keys;
}

function create(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const line = `${randomBase32(8)} ${randomBytes(32).toString('hex')}\n`;
    writeFileSync(path, line, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
