import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ChildResult {
  /** Exit code; −1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const keptBytes = 400_000;
/** What a program needs to end in good order on a machine that is slow and busy, and more. */
const patienceMs = 20_000;

/** A running program with its output kept (the last 400 kB of each stream). */
export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<ChildResult>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
    this.process = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process.stdout?.on('data', (data: Buffer) => {
      this.stdout = (this.stdout + data).slice(-keptBytes);
    });
    this.process.stderr?.on('data', (data: Buffer) => {
      this.stderr = (this.stderr + data).slice(-keptBytes);
    });
    this.exited = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code) => resolve({ code: code ?? -1, stdout: this.stdout, stderr: this.stderr }));
    });
    this.exited.catch(() => {}); // whoever awaits `exited` is told; nobody has to
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Ends the program: with `signal`, and after `graceMs` for good. Resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = patienceMs): Promise<ChildResult> {
    if (this.isRunning) {
      this.process.kill(signal);
      const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
      await once(this.process, 'close').finally(() => clearTimeout(timer));
    }
    return this.exited;
  }
}

/** Runs a program to its end; `timeoutMs` later it is killed. */
export async function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number } = {},
): Promise<ChildResult> {
  const child = new Child(command, args, options);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  return child.exited.finally(() => clearTimeout(timer));
}
