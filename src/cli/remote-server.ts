import { readFileSync } from 'node:fs';
import { StreamctlError } from '../base/errors.ts';
import type { HttpServer } from '../client/http-fetch.ts';

/** Flags that say that a server of this machine is meant, whatever the environment says. */
const localFlags = ['config', 'data-dir', 'control-socket'];

/**
 * The server elsewhere that flags or environment name, with its token; undefined for the one of this machine. Throws
 * CLI_FLAG_INVALID, CLI_TOKEN_MISSING and CLI_TOKEN_FILE_UNREADABLE.
 */
export function remoteServer(flags: Record<string, unknown>, env: NodeJS.ProcessEnv): HttpServer | undefined {
  const named = text(flags.server);
  const isLocal = named === undefined && localFlags.some((flag) => flags[flag] !== undefined);
  const url = named ?? (isLocal ? undefined : env.STREAMCTL_SERVER || undefined);
  if (url === undefined) return undefined;
  if (!/^https?:\/\/[^?#]+$/.test(url) || !URL.canParse(url)) {
    const wanted = 'the address of a server, such as https://live.example.org';
    throw new StreamctlError('CLI_FLAG_INVALID', { flag: 'server', found: url, wanted });
  }
  const token =
    text(flags.token) ?? tokenOfFile(text(flags['token-file'])) ?? (env.STREAMCTL_TOKEN?.trim() || undefined);
  if (token === undefined) throw new StreamctlError('CLI_TOKEN_MISSING', { url });
  return { url, token };
}

/** Throws CLI_FLAG_INVALID when `--server` is given to what is for this machine only. */
export function refuseServer({ server }: Record<string, unknown>, wanted: string): void {
  const found = text(server);
  if (found !== undefined) throw new StreamctlError('CLI_FLAG_INVALID', { flag: 'server', found, wanted });
}

/** Whether everybody on the way can read the token. */
export function isInTheClear({ url }: HttpServer): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}

function tokenOfFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StreamctlError('CLI_TOKEN_FILE_UNREADABLE', { path, reason }, { cause });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
