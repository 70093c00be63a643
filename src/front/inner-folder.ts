import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxSocketPathBytes } from '../api/control-socket.ts';
import { StreamctlError } from '../base/errors.ts';

export interface InnerFolder {
  readonly socketPath: string;
  /** Removes a folder that lies outside of the data folder. */
  remove(): void;
}

const socketName = 'control.sock';

/**
 * A folder that nobody else may look into, for the socket between delivery and control: `inner` in the data folder, or, where
 * that is too long a path for a socket, a new one among the temporary ones. Throws CONTROL_SOCKET_UNUSABLE.
 */
export function makeInnerFolder(dataDir: string, env: NodeJS.ProcessEnv = process.env): InnerFolder {
  const folder = join(dataDir, 'inner');
  const socketPath = join(folder, socketName);
  try {
    if (Buffer.byteLength(socketPath) > maxSocketPathBytes) return temporaryFolder(env);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!lstatSync(folder).isDirectory()) throw new Error('it is not a folder');
    chmodSync(folder, 0o700);
    return { socketPath, remove: () => {} };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('CONTROL_SOCKET_UNUSABLE', { path: socketPath, reason: code ?? message }, { cause });
  }
}

/** Its name is random and it is made for us alone: nobody can have put one there before. */
function temporaryFolder({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): InnerFolder {
  const folder = mkdtempSync(join(XDG_RUNTIME_DIR || tmpdir(), 'streamctl-'));
  return {
    socketPath: join(folder, socketName),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
