import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';

export interface FfmpegRun {
  /** Undefined when it was killed or never started. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  /** The first 64 kB. */
  readonly stderr: string;
  readonly tookMs: number;
}

const maxStdoutBytes = 16 << 20;
const maxStderrBytes = 64 << 10;

/** Runs ffmpeg to its end, without input and without our environment; after `timeoutMs` or by `signal` it is killed. Never throws. */
export function runFfmpeg(
  path: string,
  args: readonly string[],
  options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
    readonly input?: Uint8Array;
    /** 0 to 19: how much it stands back behind others. */
    readonly niceness?: number;
  },
): Promise<FfmpegRun> {
  const beganMs = performance.now();
  const stdout: Buffer[] = [];
  let stdoutBytes = 0;
  let stderr = '';
  return new Promise((resolve) => {
    const child = spawn(path, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      env: { PATH: process.env.PATH ?? '' },
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.signal && { signal: options.signal }),
    });
    const finish = (code: number | null) =>
      resolve({ code: code ?? undefined, stdout: Buffer.concat(stdout), stderr, tookMs: performance.now() - beganMs });
    if (options.niceness !== undefined) standBack(child.pid, options.niceness);
    child.stdin?.on('error', () => {}).end(options.input);
    child.stdout?.on('data', (bytes: Buffer) => {
      stdoutBytes += bytes.length;
      if (stdoutBytes <= maxStdoutBytes) stdout.push(bytes);
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      if (stderr.length < maxStderrBytes) stderr += bytes.toString('utf8');
    });
    child.once('error', (error) => {
      stderr = `${error.message}\n${stderr}`;
      if (child.pid === undefined) finish(null);
    });
    child.once('close', finish);
  });
}

function standBack(pid: number | undefined, niceness: number): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch {
    // A sandbox may forbid it, or the child may be gone: it only runs at our own priority.
  }
}

/** The first thing ffmpeg complained about, for a person. */
export function firstComplaint(run: FfmpegRun): string {
  const line = run.stderr.split(/[\r\n]+/).find((text) => text.trim() !== '');
  return (
    line
      ?.replace(/^\[[^\]]* @ 0x[0-9a-f]+\]\s*/, '')
      .trim()
      .slice(0, 300) ?? `it ended with code ${run.code}`
  );
}
