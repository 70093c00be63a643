import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { embeddedFile, isExecutable } from '../base/embedded.ts';
import { StreamctlError } from '../base/errors.ts';
import { loadAddon, loadEmbeddedAddon } from '../base/native-addon.ts';
import { compileHostAddon } from './compile-addon.ts';

/** What host.c adds to Node. */
export interface HostAddon {
  /** Sends without waiting to a Unix datagram socket, a path or `@` and an abstract name. Gives 0 or the system's error number. */
  sendDatagram(address: string, text: string): number;
  /** Another descriptor of the same file; below 0: the system's error number. */
  duplicate(descriptor: number): number;
}

/** Loads it: in the executable by way of `folder`, from the sources by compiling it once. Throws HOST_ADDON_UNAVAILABLE. */
export function loadHostAddon(folder: string): HostAddon {
  try {
    if (isExecutable) return loadEmbeddedAddon('host', embeddedFile('host.node'), folder) as HostAddon;
    const hash = createHash('sha256')
      .update(readFileSync(join(import.meta.dirname, 'host.c')))
      .digest('hex');
    const path = resolve(import.meta.dirname, `../../node_modules/.cache/streamctl/host-${hash.slice(0, 16)}.node`);
    if (!existsSync(path)) compileHostAddon(path);
    return loadAddon(path) as HostAddon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    throw new StreamctlError('HOST_ADDON_UNAVAILABLE', { reason }, { cause });
  }
}
