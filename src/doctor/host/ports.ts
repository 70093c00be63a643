import { createServer } from 'node:net';
import type { Config } from '../../config/schema.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';
import { portHolder } from './port-holder.ts';

interface Listen {
  readonly host: string;
  readonly port: number;
}

interface WantedPort {
  /** In the configuration. */
  readonly path: string;
  readonly listen: Listen;
  readonly who: string;
}

/** Whether the ports of the configuration are free, or held by our own server; and by whom, where they are not. */
export async function checkPorts({ config, server }: Host): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const wanted of wantedPorts(config)) {
    findings.push(portFinding(wanted, await tryToListen(wanted.listen), server?.pid));
  }
  return findings;
}

function wantedPorts({ http, rtmp }: Config): WantedPort[] {
  const ports = [
    { path: 'http.listen', listen: http.listen, who: 'nobody can watch' },
    { path: 'rtmp.listen', listen: rtmp.listen, who: 'nobody can publish' },
  ];
  if (rtmp.tls !== undefined) ports.push({ path: 'rtmp.tls.listen', listen: rtmp.tls.listen, who: 'no RTMPS' });
  return ports;
}

function portFinding({ path, listen, who }: WantedPort, errorCode: string | undefined, ownPid?: number): Finding {
  const address = `${path} ${listen.host}:${listen.port}`;
  if (errorCode === undefined) {
    if (ownPid === undefined || listen.port === 0) return fine('port', `${address} is free.`);
    return finding('port-not-held', 'problem', {
      found: `${address} is free although the server, process ${ownPid}, runs.`,
      details: { who },
    });
  }
  if (errorCode === 'EADDRINUSE') return takenFinding(address, listen.port, who, ownPid);
  const isPrivileged = errorCode === 'EACCES' && listen.port < 1024;
  return finding('port-unusable', 'problem', {
    found: `${address} cannot be opened (${errorCode}).`,
    details: { who, path, why: isPrivileged ? 'privileged' : 'foreign' },
  });
}

function takenFinding(address: string, port: number, who: string, ownPid: number | undefined): Finding {
  const holder = portHolder(port);
  if (ownPid !== undefined && (holder === undefined || holder.pid === ownPid)) {
    return fine('port', `${address} is held by the running server, process ${ownPid}.`);
  }
  const whom = holder === undefined ? 'another program' : `${holder.name}, process ${holder.pid}`;
  return finding('port-taken', 'problem', {
    found: `${address} is held by ${whom}.`,
    details: { who, port },
  });
}

/** Undefined when it can be listened there, else the system's error code. Nothing stays open. */
function tryToListen({ host, port }: Listen): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
