import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DiskSpeed, measureDisk } from '../disk-speed.ts';
import { type Finding, finding, fine } from '../finding.ts';
import type { Host } from './host.ts';

const littleBytes = 1e9;
const hardlyAnyBytes = 100e6;
const slowCommitMs = 100;
const slowWriteBytesPerSecond = 10e6;

/** Room and speed where the store is written. */
export async function checkDisk({ config, signal }: Host): Promise<Finding[]> {
  const folder = existingFolder(config.dataDir);
  const { bavail, bsize } = await statfs(folder);
  const findings = [roomFinding(folder, bavail * bsize)];
  try {
    findings.push(speedFinding(folder, await measureDisk(folder, signal)));
  } catch (error) {
    if (signal.aborted) throw error;
    findings.push(
      finding('disk-unwritable', 'problem', {
        found: `Nothing can be written to ${folder} (${(error as NodeJS.ErrnoException).code ?? 'error'}).`,
      }),
    );
  }
  return findings;
}

export function roomFinding(folder: string, freeBytes: number): Finding {
  const found = `${gigabytes(freeBytes)} are free where ${folder} is.`;
  const figures = { free_bytes: freeBytes };
  if (freeBytes >= littleBytes) return fine('disk-space', found, figures);
  const isUrgent = freeBytes < hardlyAnyBytes;
  return finding('disk-space-little', isUrgent ? 'problem' : 'warning', {
    found,
    figures,
  });
}

export function speedFinding(folder: string, { writeBytesPerSecond, commitMs }: DiskSpeed): Finding {
  const megabytes = Math.round(writeBytesPerSecond / 1e6);
  const found = `${folder} takes ${megabytes} MB a second, and a small change is safe after ${commitMs.toFixed(1)} ms.`;
  const figures = {
    write_bytes_per_second: Math.round(writeBytesPerSecond),
    commit_ms: Math.round(commitMs * 10) / 10,
  };
  if (commitMs < slowCommitMs && writeBytesPerSecond >= slowWriteBytesPerSecond) {
    return fine('disk-speed', found, figures);
  }
  return finding('disk-slow', 'warning', {
    found,
    figures,
  });
}

/** The folder, or the nearest one above that exists. */
function existingFolder(path: string): string {
  return existsSync(path) ? path : existingFolder(dirname(path));
}

export function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`;
}
