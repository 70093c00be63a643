import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StreamctlError } from '../base/errors.ts';
import { ApiClient } from '../client/api-client.ts';
import { unixFetch } from '../client/unix-fetch.ts';
import type { StatusView } from '../contract/status.ts';
import { readProcessUsage } from '../load/process-usage.ts';

const startTimeoutMs = 30_000;
const keptLogBytes = 4096;
const stopTimeoutMs = 5000;

/** Nothing of the machine's own configuration, and no transcoding: that is measured apart. */
const configuration = `
http: { listen: "127.0.0.1:0" }
rtmp: { listen: "127.0.0.1:0" }
auth: { open_publish: true }
ladder: { mode: off }
log: { level: warn, format: json }
`;

/** A server of the same program in a process of its own, with its data in a temporary folder. */
export class MeasuredServer {
  readonly client: ApiClient;
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly folder: string;
  private log = '';
  private addresses: StatusView | undefined;

  private constructor(program: readonly string[], folder: string) {
    const [file = process.execPath, ...args] = program;
    const dataDir = join(folder, 'data');
    this.folder = folder;
    this.client = new ApiClient(unixFetch(join(dataDir, 'control.sock')));
    this.child = spawn(file, [...args, 'serve', '--config', join(folder, 'bench.yaml'), '--data-dir', dataDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder },
    });
    this.child.stderr?.on('data', (bytes: Buffer) => {
      this.log = (this.log + bytes.toString()).slice(-keptLogBytes);
    });
    this.child.once('error', (error) => {
      this.log += error.message;
    });
    this.pid = this.child.pid ?? 0;
  }

  /** `program` is this program as it was started. Throws BENCH_SERVER_FAILED. */
  static async start(program: readonly string[], signal: AbortSignal): Promise<MeasuredServer> {
    const folder = await mkdtemp(join(tmpdir(), 'streamctl-bench-'));
    await writeFile(join(folder, 'bench.yaml'), configuration);
    const server = new MeasuredServer(program, folder);
    try {
      await server.untilReady(signal);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get httpUrl(): string {
    return this.addresses?.http_url ?? '';
  }

  get rtmpUrl(): URL {
    return new URL(this.addresses?.rtmp_url ?? '');
  }

  /** CPU time of all its threads so far, ms. */
  cpuMs(): number {
    return this.usage().cpuMs;
  }

  residentBytes(): number {
    return this.usage().residentBytes;
  }

  /** Ends it and takes its data away. May be called twice. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private usage() {
    try {
      return readProcessUsage(this.pid);
    } catch (cause) {
      throw new StreamctlError('BENCH_SERVER_FAILED', { log: this.log }, { cause });
    }
  }

  private async untilReady(signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + startTimeoutMs;
    while (this.addresses === undefined) {
      signal.throwIfAborted();
      const hasEnded = this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined;
      if (hasEnded || performance.now() > deadlineMs) {
        throw new StreamctlError('BENCH_SERVER_FAILED', { log: this.log });
      }
      await delay(50, undefined, { signal });
      this.addresses = await this.client.status().catch(() => undefined);
    }
  }
}
