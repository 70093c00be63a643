import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { Child, type ChildResult, run } from './child.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');

/** A shell's environment, without what would configure streamctl or colour its output. */
function cleanEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(STREAMCTL_|NO_COLOR$|FORCE_COLOR$)/.test(name));
  return { ...Object.fromEntries(inherited), ...env };
}

/** Runs one command as a process of its own, in the folder `cwd`. */
export function streamctl(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ChildResult> {
  return run(process.execPath, [main, ...args], { cwd, env: cleanEnvironment(env) });
}

/** Runs a command that must succeed; resolves with what --json printed. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into it and fail where it is not what they expect
export async function streamctlJson(cwd: string, args: readonly string[]): Promise<any> {
  const { code, stdout, stderr } = await streamctl(cwd, [...args, '--json']);
  if (code !== 0) throw new Error(`streamctl ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Starts a command that runs until it is told to end. */
export function startStreamctl(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = new Child(process.execPath, [main, ...args], { cwd, env: cleanEnvironment(env) });
  onTestFinished(() => void child.stop('SIGKILL'));
  return child;
}
