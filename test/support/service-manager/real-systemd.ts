import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Child, type ChildResult, run } from '../child.ts';
import { builtExecutable } from '../executable.ts';
import { temporaryFolder } from '../temp-folder.ts';
import { until } from '../until.ts';

const root = resolve(import.meta.dirname, '../../..');
const units = ['streamctl.service', 'streamctl-http.socket', 'streamctl-rtmp.socket', 'streamctl.sysusers.conf'];
/** What a unit waits for by default. */
const targets = ['sysinit', 'basic', 'sockets', 'shutdown', 'multi-user', 'network-online', 'umount', 'test'];

/** systemd itself, with the units of this project, the executable, and a network of its own. */
export interface RealSystemd {
  /** Runs a program there, as root. */
  run(...command: readonly string[]): Promise<ChildResult>;
  /** What the service has logged. */
  log(): string;
  /** Its number outside; undefined when it does not run. */
  processId(): Promise<number | undefined>;
  end(): Promise<void>;
}

/**
 * Boots systemd in namespaces. `serviceDropIn`: lines for [Service] beside the unit's. Undefined where that is not allowed or not
 * possible: it needs root, and control groups of version 1 as far as it has been tried.
 */
export async function bootSystemd(configuration: string, serviceDropIn = ''): Promise<RealSystemd | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/sys/fs/cgroup/systemd/cgroup.procs')) return undefined;
  const folder = await temporaryFolder('systemd');
  const own = join(folder.path, 'units');
  const logFile = join(folder.path, 'service.log');
  mkdirSync(join(own, 'streamctl.service.d'), { recursive: true });
  for (const name of units) {
    const text = readFileSync(join(root, 'systemd', name), 'utf8').replaceAll('/usr/bin/streamctl', '/opt/streamctl');
    writeFileSync(join(own, name), text);
  }
  for (const name of targets)
    writeFileSync(join(own, `${name}.target`), '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n');
  const logging = `StandardOutput=append:${logFile}\nStandardError=append:${logFile}\n`;
  writeFileSync(join(own, 'streamctl.service.d/test.conf'), `[Service]\n${logging}${serviceDropIn}\n`);
  writeFileSync(join(folder.path, 'streamctl.yaml'), configuration);
  const name = `streamctl-test-${process.pid}`;
  const executable = join(await builtExecutable(), 'streamctl');
  const script = join(import.meta.dirname, 'boot-systemd.sh');
  const machine = new Child('bash', [script, name, folder.path, own, executable]);
  const firstProcess = () => childrenOf(machine.process.pid!)[0];
  const inside = (...command: readonly string[]) =>
    run('nsenter', ['--target', String(firstProcess()), '--mount', '--pid', '--net', '--uts', '--ipc', ...command], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', STREAMCTL_CONFIG: '/etc/streamctl/streamctl.yaml' },
      cwd: '/',
    });
  const end = async () => {
    await machine.stop('SIGKILL');
    // Its processes take a moment to be gone from them.
    await until('its control groups are empty', () => removeGroups(name));
    await folder.remove();
  };
  try {
    await until('systemd answers', async () => {
      if (!machine.isRunning) throw new Error(machine.stderr);
      return firstProcess() !== undefined && (await inside('systemctl', 'is-active', 'test.target')).code === 0;
    });
  } catch (error) {
    process.stderr.write(`systemd cannot be booted here: ${error}\n${machine.stderr}\n`);
    await end();
    return undefined;
  }
  return {
    run: inside,
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
    processId: async () => {
      const { stdout } = await inside('systemctl', 'show', '--property=MainPID', '--value', 'streamctl');
      const pid = Number(stdout);
      return pid > 0 ? outsideOf(pid, firstProcess()!) : undefined;
    },
    end,
  };
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

/** The number here of a child of `parent` that has the number `pid` in its own namespace. */
function outsideOf(pid: number, parent: number): number | undefined {
  return childrenOf(parent).find((child) => {
    const status = readFileSync(`/proc/${child}/status`, 'utf8');
    return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]) === pid;
  });
}

/** Control groups are directories, and go from the innermost on. */
function removeGroups(name: string): boolean {
  const memory = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  const below = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => [...below(join(path, entry.name)), join(path, entry.name)]);
  const made = readdirSync('/sys/fs/cgroup').map((hierarchy) => join('/sys/fs/cgroup', hierarchy, name));
  const inMemory = ['init.scope', 'system.slice'].map((group) => join('/sys/fs/cgroup/memory', memory, group));
  for (const group of [...made, ...inMemory].filter((path) => existsSync(path))) {
    for (const path of [...below(group), group]) {
      try {
        rmdirSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
        throw error;
      }
    }
  }
  return true;
}
