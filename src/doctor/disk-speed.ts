import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface DiskSpeed {
  /** Of one long write, made safe at its end. */
  readonly writeBytesPerSecond: number;
  /** Median time until a small write is safe: what every change in the store waits for. */
  readonly commitMs: number;
}

const chunkBytes = 1 << 20;
const longWriteMs = 1000;
const maxChunks = 64;
const commits = 9;

/** Writes at most 64 MiB into `folder` for about a second, and takes it away. Throws what the file system says. */
export async function measureDisk(folder: string, signal: AbortSignal): Promise<DiskSpeed> {
  const path = join(folder, `.write-test-${process.pid}`);
  const file = await open(path, 'wx', 0o600);
  try {
    const chunk = Buffer.alloc(chunkBytes, 'streamctl');
    const beganMs = performance.now();
    let written = 0;
    while (written < maxChunks && performance.now() - beganMs < longWriteMs) {
      signal.throwIfAborted();
      await file.write(chunk);
      written++;
    }
    await file.datasync();
    const writeBytesPerSecond = (written * chunkBytes * 1000) / (performance.now() - beganMs);
    const times: number[] = [];
    for (let commit = 0; commit < commits; commit++) {
      signal.throwIfAborted();
      const startMs = performance.now();
      await file.write(chunk, 0, 4096, commit * 4096);
      await file.datasync();
      times.push(performance.now() - startMs);
    }
    return { writeBytesPerSecond, commitMs: times.sort((a, b) => a - b)[commits >> 1]! };
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
