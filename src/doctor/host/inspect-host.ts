import type { Finding } from '../finding.ts';
import { lookAtMachine, type MachineLoad } from '../machine-load.ts';
import { checkCertificates } from './certificates.ts';
import { checkConfiguration } from './configuration.ts';
import { checkCountries } from './countries.ts';
import { checkCpuQuota } from './cpu-quota.ts';
import { checkDataFolder } from './data-folder.ts';
import { checkDisk } from './disk.ts';
import type { Host, HostCheck } from './host.ts';
import { checkKernel } from './kernel.ts';
import { checkMemory } from './memory.ts';
import { checkOpenFiles } from './open-files.ts';
import { checkPorts } from './ports.ts';
import { checkStore } from './store.ts';
import { checkTranscoding } from './transcoding.ts';
import { checkClock } from './wall-clock.ts';

export interface HostReport {
  readonly load: MachineLoad;
  readonly findings: readonly Finding[];
}

export interface InspectHostOptions {
  readonly host: Host;
  /** What is looked at now, for whoever waits. */
  readonly onStep: (what: string) => void;
  /** Goes on as the account that runs the server: what root can do says nothing about it. */
  readonly becomeOwner: () => void;
}

/** Needs to see other programs' sockets. */
const asCaller: readonly (readonly [string, HostCheck])[] = [
  ['the configuration', checkConfiguration],
  ['ports', checkPorts],
  ['open files', checkOpenFiles],
  ['the clock', checkClock],
  ['kernel settings', checkKernel],
  ['limits of the container', checkCpuQuota],
];

const asOwner: readonly (readonly [string, HostCheck])[] = [
  ['the data folder', checkDataFolder],
  ['the store', checkStore],
  ['the disk', checkDisk],
  ['memory', checkMemory],
  ['certificates', checkCertificates],
  ['the GeoIP database', checkCountries],
  ['ffmpeg and its encoders', checkTranscoding],
];

/** Looks at all that a server needs of this machine, one after the other: measurements must not meet. */
export async function inspectHost({ host, onStep, becomeOwner }: InspectHostOptions): Promise<HostReport> {
  onStep('the load of this machine');
  const load = await lookAtMachine(host.signal);
  const findings: Finding[] = [];
  const look = async (checks: typeof asCaller) => {
    for (const [what, check] of checks) {
      host.signal.throwIfAborted();
      onStep(what);
      findings.push(...(await check(host)));
    }
  };
  await look(asCaller);
  becomeOwner();
  await look(asOwner);
  return { load, findings };
}
