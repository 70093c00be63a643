import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StreamctlError } from '../base/errors.ts';
import type { Store } from '../store/ports/store.ts';

/** The secret outside the store that secrets are hashed with: who reads the store alone can check no guess. */
export class Pepper {
  private readonly secret: Buffer;

  constructor(secret: Buffer) {
    this.secret = secret;
  }

  /** HMAC-SHA-256, hex. The secrets have 160 random bits, so a slow hash would protect nobody but slow us. */
  hash(secret: string): string {
    return createHmac('sha256', this.secret).update(secret).digest('hex');
  }

  /** A key of 32 bytes for one purpose, from which nothing of the secret can be read (HKDF-SHA-256, RFC 5869). */
  deriveKey(purpose: string, salt: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.secret, salt, purpose, 32));
  }

  /** Takes the same time whether it matches or not. */
  matches(secret: string, expectedHash: string): boolean {
    const actual = createHmac('sha256', this.secret).update(secret).digest();
    const expected = Buffer.from(expectedHash, 'hex');
    return expected.length === actual.length && timingSafeEqual(actual, expected);
  }
}

export interface PepperOptions {
  readonly dataDir: string;
  /** Whether a missing file may be made anew: only while no key and no token exists that needs the old one. */
  readonly mayCreate: boolean;
}

/** The pepper of a data folder, made anew only while nothing in the store needs the old one. Throws as `loadPepper`. */
export async function pepperFor(dataDir: string, { keys, tokens }: Pick<Store, 'keys' | 'tokens'>): Promise<Pepper> {
  const [allKeys, allTokens] = await Promise.all([keys.list(), tokens.list()]);
  return loadPepper({ dataDir, mayCreate: allKeys.length + allTokens.length === 0 });
}

/** Reads `pepper` of the data folder, or makes it. Throws ACCESS_PEPPER_UNREADABLE, also when others may read the file. */
export function loadPepper({ dataDir, mayCreate }: PepperOptions): Pepper {
  const path = join(dataDir, 'pepper');
  try {
    if (mayCreate) createPepper(dataDir, path);
    if ((statSync(path).mode & 0o077) !== 0) throw new Error('others may read it: chmod 600');
    const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
    if (secret.length !== 32) throw new Error('it does not hold 64 hexadecimal digits');
    return new Pepper(secret);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'it is missing, though there are keys or tokens' : (code ?? message);
    throw new StreamctlError('ACCESS_PEPPER_UNREADABLE', { path, reason }, { cause });
  }
}

function createPepper(dataDir: string, path: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
