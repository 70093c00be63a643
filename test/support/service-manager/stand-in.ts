import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { Child } from '../child.ts';
import { tempDir } from '../temp-dir.ts';
import { until } from '../until.ts';

const main = resolve(import.meta.dirname, '../../../src/main.ts');

/** Two processes that compile their sources one after another, on a machine that does other things. */
const startMs = 40_000;

export interface Heard {
  readonly text: string;
  /** Of the process that said it. */
  readonly pid: number;
}

export interface ManagedOptions {
  /** Names of the sockets it gets; two of a name share a port. */
  readonly sockets?: readonly string[];
  readonly watchdogMs?: number;
  /** Where it is listened to: a path in a folder of its own, or an abstract name. */
  readonly isAbstract?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What is run in place of the sources. */
  readonly program?: readonly string[];
}

/** A server started by a stand-in for systemd, which starts it again whenever it ends. */
export function startManaged({ sockets = [], watchdogMs, isAbstract, env, program }: ManagedOptions = {}) {
  const folder = tempDir();
  const notify = isAbstract ? `@streamctl-test-${process.pid}-${Math.random()}` : join(folder, 'notify');
  const listen = [...(sockets.includes('http') ? [] : ['--http-listen', '127.0.0.1:0'])];
  if (!sockets.includes('rtmp')) listen.push('--rtmp-listen', '127.0.0.1:0');
  const command = [
    ...(program ?? [process.execPath, main]),
    ...['serve', '--data-dir', join(folder, 'data'), '--log-format', 'json', ...listen],
  ];
  const plan = { notify, sockets, command, watchdogUsec: watchdogMs === undefined ? 0 : watchdogMs * 1000 };
  const child = new Child('/usr/bin/python3', [join(import.meta.dirname, 'stand-in.py'), JSON.stringify(plan)], {
    cwd: folder,
    env: { ...process.env, STREAMCTL_LADDER_MODE: 'off', STREAMCTL_AUTH_OPEN_PUBLISH: 'true', ...env },
  });
  onTestFinished(async () => void (await child.stop('SIGTERM', 10_000)));
  const lines = () =>
    child.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { ports?: number[]; started?: number; heard?: string; pid: number });
  const heard = (): Heard[] => lines().flatMap(({ heard: text, pid }) => (text === undefined ? [] : [{ text, pid }]));
  const pids = () => lines().flatMap(({ started }) => started ?? []);
  return {
    folder,
    child,
    heard,
    /** Of all processes it has started, in order. */
    pids,
    /** Waits until it has heard `text` so many times. */
    hears: (text: string, times = 1) =>
      until(
        `the service manager hears ${text}`,
        () => {
          if (!child.isRunning) throw new Error(`the server ended: ${child.stderr}`);
          return heard().filter((one) => one.text.includes(text)).length >= times;
        },
        startMs,
      ),
    ports: async () => await until('the sockets are bound', () => lines()[0]?.ports),
  };
}
