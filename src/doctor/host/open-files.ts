import { readFileSync } from 'node:fs';
import { connectionsWithin } from '../../delivery/fast-lane/connection-limit.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

/** Fewer viewers than this, and one popular broadcast is turned away. */
const fewConnections = 4000;

/** How many files the server, or what is started from here, may open, against `http.max_connections`. */
export function checkOpenFiles({ config, server }: Host): Finding[] {
  const limits = readFileSync(`/proc/${server?.pid ?? 'self'}/limits`, 'latin1');
  return [openFilesFinding(limits, config.http.maxConnections, server !== undefined)];
}

/** `limits` is the text of /proc/PID/limits. */
export function openFilesFinding(limits: string, maxConnections: number | 'auto', isServer: boolean): Finding {
  const limit = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? 'unlimited';
  const room = connectionsWithin(limits);
  const whose = isServer ? 'The server' : 'A server started from here';
  const found = `${whose} may open ${limit} files: room for ${room} viewer connections.`;
  const figures = { connections: room };
  if (maxConnections !== 'auto' && maxConnections > room) {
    return finding('open-files-few', 'problem', {
      found: `${found} http.max_connections asks for ${maxConnections}.`,
      details: { room, why: 'promised' },
      figures,
    });
  }
  if (maxConnections === 'auto' && room < fewConnections) {
    return finding('open-files-few', 'warning', { found, details: { room, why: 'few' }, figures });
  }
  return fine('open-files', found, figures);
}
