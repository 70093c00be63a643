import { readdir, readFile, statfs } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';

export interface HostFigures {
  readonly version: string;
  readonly startedAtMs: number;
  readonly configGeneration: number;
  readonly openFds: number | undefined;
  readonly maxFds: number | undefined;
  readonly diskFreeBytes: number | undefined;
  readonly diskSizeBytes: number | undefined;
  readonly clockShiftMs: number;
  readonly certificates: readonly { readonly port: 'https' | 'rtmps'; readonly validUntilMs: number }[];
}

export interface HostWatchOptions {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly certificates: () => HostFigures['certificates'];
}

const lookEveryMs = 10_000;

/** Looks at the machine every ten seconds: who asks for metrics must not wait for a disk that hangs. */
export class HostWatch {
  private readonly options: HostWatchOptions;
  private readonly offsetMs: number;
  private configGeneration = 1;
  private openFds: number | undefined;
  private maxFds: number | undefined;
  private disk: { readonly freeBytes: number; readonly sizeBytes: number } | undefined;
  private cancel = () => {};
  private isStopped = false;

  constructor(options: HostWatchOptions) {
    this.options = options;
    const { clock } = options;
    this.offsetMs = clock.wallMs() - clock.monotonicMs();
  }

  /** Begins to look; the returned function ends it. */
  start(): () => void {
    void this.lookLater();
    return () => {
      this.isStopped = true;
      this.cancel();
    };
  }

  /** The configuration was read again. */
  configTaken(): void {
    this.configGeneration++;
  }

  figures(): HostFigures {
    const { configGeneration, openFds, maxFds, disk, offsetMs } = this;
    const { clock, version, startedAtMs, certificates } = this.options;
    return {
      ...{ version, startedAtMs, configGeneration, openFds, maxFds },
      ...{ diskFreeBytes: disk?.freeBytes, diskSizeBytes: disk?.sizeBytes },
      clockShiftMs: clock.wallMs() - clock.monotonicMs() - offsetMs,
      certificates: certificates(),
    };
  }

  private async lookLater(): Promise<void> {
    const { clock, dataDir } = this.options;
    const [fds, limits, disk] = await Promise.all([
      readdir('/proc/self/fd').catch(() => undefined),
      readFile('/proc/self/limits', 'utf8').catch(() => ''),
      statfs(dataDir).catch(() => undefined),
    ]);
    this.openFds = fds?.length;
    const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    this.maxFds = limit === undefined ? undefined : Number(limit);
    this.disk = disk && { freeBytes: disk.bavail * disk.bsize, sizeBytes: disk.blocks * disk.bsize };
    if (!this.isStopped) this.cancel = clock.after(lookEveryMs, () => void this.lookLater());
  }
}
