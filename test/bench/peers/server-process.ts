import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a server may take to listen, and to leave after SIGTERM. */
const startTimeoutMs = 45_000;
const stopTimeoutMs = 5000;

/** A child server with a folder of its own in memory; ends with the bench. */
export interface ServerProcess {
  readonly pid: number;
  /** Gone after `stop`. */
  readonly logFile: string;
  stop(): Promise<void>;
}

/** A folder on tmpfs, so that no figure is the disk's. */
export function makeServerFolder(): string {
  return mkdtempSync('/dev/shm/streamctl-bench-');
}

/** Starts a server and resolves once `port` accepts connections. Its output goes to `folder`/server.log; `folder` is removed on stop. */
export async function startServer(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly port: number;
  readonly signal: AbortSignal;
}): Promise<ServerProcess> {
  const { command, args, folder, port, signal } = options;
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'w');
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const stop = async () => {
    await endChild(child, exited);
    process.off('exit', killWithUs);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadlineMs = performance.now() + startTimeoutMs;
  while (!(await accepts(port))) {
    if (signal.aborted || child.exitCode !== null || child.pid === undefined || performance.now() > deadlineMs) {
      const said = readFileSync(logFile, 'utf8').slice(-2000);
      await stop();
      throw new Error(`${command} did not come up:\n${said}`);
    }
    await delay(50);
  }
  return { pid: child.pid ?? 0, logFile, stop };
}

async function endChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Ports that were free a moment ago, each different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
