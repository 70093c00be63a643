import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { LineReader } from './ffmpeg-log.ts';

export interface FfmpegProcessListener {
  /** Bytes of output `index` (descriptor 3 + index). What it throws ends the process. */
  output(index: number, bytes: Uint8Array): void;
  progressLine(line: string): void;
  logLine(line: string): void;
  /** The last call, when the process is gone and all it wrote has been handed over. */
  exited(exit: FfmpegExit): void;
}

export interface FfmpegExit {
  /** Undefined when a signal ended it, or it never started. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why we ended it, or it could not be started. */
  readonly cause: Error | undefined;
}

export interface FfmpegProcessOptions {
  readonly path: string;
  readonly args: readonly string[];
  readonly outputCount: number;
  readonly clock: Clock;
  readonly listener: FfmpegProcessListener;
}

/** How long ffmpeg may take to write what it still has after the end of its input. It does not hear SIGTERM while it waits for input. */
const stopGraceMs = 1000;
/** What a program behind ffmpeg's name left running may hold our pipes open for, after ffmpeg itself is gone. */
const closeGraceMs = 500;
/** Passthrough and viewers come first. */
const niceness = 5;

/**
 * One running ffmpeg: stdin is the feed, stdout its progress, stderr its log, the descriptors behind them the outputs. It knows
 * nothing of our environment and touches no file. When we die, its input ends and so does it.
 */
export class FfmpegProcess {
  private readonly child: ChildProcess;
  /** Absent when there were no descriptors left to start it with. */
  private readonly stdin: Writable | undefined;
  private readonly options: FfmpegProcessOptions;
  private readonly gone: Promise<void>;
  private cause: Error | undefined;
  private hasExited = false;
  private isEnding = false;

  constructor(options: FfmpegProcessOptions) {
    this.options = options;
    const { path, args, outputCount } = options;
    const outputs = Array.from({ length: outputCount }, () => 'pipe' as const);
    this.child = spawn(path, args, {
      stdio: ['pipe', 'pipe', 'pipe', ...outputs],
      cwd: '/',
      env: { PATH: process.env.PATH ?? '' },
    });
    this.stdin = this.child.stdin ?? undefined;
    this.lowerPriority();
    this.gone = this.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Bytes written that have not left this process. */
  get backlogBytes(): number {
    return this.stdin?.writableLength ?? 0;
  }

  /** Takes the bytes over. Whoever writes has to look at `backlogBytes`. */
  write(bytes: Uint8Array): void {
    if (!this.isEnding && !this.hasExited) this.stdin?.write(bytes);
  }

  /** Ends the input and waits until everything has come out; after a second it is killed. May be called twice. */
  async stop(): Promise<void> {
    if (!this.isEnding) {
      this.isEnding = true;
      this.stdin?.end();
    }
    const cancel = this.options.clock.after(stopGraceMs, () => this.child.kill('SIGKILL'));
    await this.gone.finally(cancel);
  }

  /** Ends it at once, also when it is stopped or hangs. */
  kill(cause: Error): void {
    this.cause ??= cause;
    this.child.kill('SIGKILL');
  }

  private lowerPriority(): void {
    if (this.child.pid === undefined) return;
    try {
      setPriority(this.child.pid, niceness);
    } catch {
      // A sandbox may forbid it, or the child may be gone: it only runs at our own priority.
    }
  }

  private listen(): Promise<void> {
    const { child, options } = this;
    const { listener } = options;
    const ignore = () => {}; // broken pipes: the exit tells
    const progress = new LineReader((line) => listener.progressLine(line));
    const log = new LineReader((line) => listener.logLine(line));
    this.stdin?.on('error', ignore);
    child.stdout?.on('data', (bytes: Buffer) => progress.push(bytes)).on('error', ignore);
    child.stderr?.on('data', (bytes: Buffer) => log.push(bytes)).on('error', ignore);
    for (let index = 0; index < options.outputCount; index++) {
      const output = child.stdio?.[3 + index] as Readable | undefined;
      output?.on('data', (bytes: Buffer) => this.handOver(index, bytes)).on('error', ignore);
    }
    return new Promise((resolve) => {
      const finish = (code: number | null, signal: NodeJS.Signals | null) => {
        if (this.hasExited) return;
        this.hasExited = true;
        resolve();
        listener.exited({ code: code ?? undefined, signal: signal ?? undefined, cause: this.cause });
      };
      child.once('error', (error) => {
        this.cause ??= error;
        if (child.pid === undefined) finish(null, null);
      });
      child.once('exit', () => {
        const cancel = options.clock.after(closeGraceMs, () => this.closePipes());
        void this.gone.finally(cancel);
      });
      child.once('close', finish);
    });
  }

  private closePipes(): void {
    for (const pipe of this.child.stdio ?? []) pipe?.destroy();
  }

  private handOver(index: number, bytes: Uint8Array): void {
    if (this.cause !== undefined) return;
    try {
      this.options.listener.output(index, bytes);
    } catch (error) {
      this.kill(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** For a person. `complaint` is the last error that ffmpeg told of. */
export function describeExit({ code, signal, cause }: FfmpegExit, complaint?: string): string {
  if (cause !== undefined) return cause.message;
  if (signal !== undefined) return `it was ended by ${signal}`;
  return `it ended with code ${code}${complaint === undefined ? '' : `: ${complaint}`}`;
}
