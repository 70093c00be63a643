import { readFileSync } from 'node:fs';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

/** Connections that playback lets wait to be accepted. */
const wantedBacklog = 4096;

/** Settings of the kernel that viewers feel, and a firewall where one is known to be on. */
export function checkKernel({ config }: Host): Finding[] {
  const backlog = numberIn('/proc/sys/net/core/somaxconn');
  const findings = backlog === undefined ? [] : [backlogFinding(backlog)];
  const slowStart = numberIn('/proc/sys/net/ipv4/tcp_slow_start_after_idle');
  if (slowStart === 1) findings.push(slowStartFinding());
  if (/^ENABLED=yes/m.test(textOf('/etc/ufw/ufw.conf'))) {
    findings.push(firewallFinding(config));
  }
  return findings;
}

export function backlogFinding(backlog: number): Finding {
  const found = `net.core.somaxconn is ${backlog}.`;
  if (backlog >= wantedBacklog) return fine('somaxconn', found);
  return finding('somaxconn-low', 'warning', {
    found,
    details: { wanted: wantedBacklog },
  });
}

function slowStartFinding(): Finding {
  return finding('slow-start-after-idle', 'note', {
    found: 'net.ipv4.tcp_slow_start_after_idle is 1, as the kernel has it by default.',
  });
}

function firewallFinding({ http, rtmp }: Host['config']): Finding {
  return finding('firewall', 'note', {
    found: 'The firewall ufw is on.',
    details: { http: http.listen.port, rtmp: rtmp.listen.port },
  });
}

function numberIn(path: string): number | undefined {
  const text = textOf(path).trim();
  return text === '' ? undefined : Number(text);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // not on this system
  }
}
