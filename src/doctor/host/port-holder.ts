import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface PortHolder {
  readonly pid: number;
  readonly name: string;
}

const listening = '0A';

/** Who listens on a TCP port of this machine; undefined when nobody does, or when we may not see whose socket it is. */
export function portHolder(port: number): PortHolder | undefined {
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listeningInodes(textOf(path), port));
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const entry of readdirSync('/proc')) {
    if (/^\d+$/.test(entry) && holdsAny(entry, sockets)) {
      return { pid: Number(entry), name: textOf(`/proc/${entry}/comm`).trim() };
    }
  }
  return undefined;
}

/** Inodes of the sockets that listen on `port` in the text of /proc/net/tcp or tcp6 (proc(5)). */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) === true && state === listening)
    .map((fields) => fields[9]!);
}

function holdsAny(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false; // it has ended, or is somebody else's
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
