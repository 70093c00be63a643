import { readFileSync } from 'node:fs';

/** Descriptors for everything else: publishers, files, the store, ffmpeg. */
const reservedShare = 0.1;
const reservedAtLeast = 100;

/** How many viewer connections `limits`, the text of /proc/PID/limits, leaves room for. Unlimited counts as a million files. */
export function connectionsWithin(limits: string): number {
  const softLimit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_000_000);
  const reserved = Math.max(reservedAtLeast, Math.ceil(softLimit * reservedShare));
  return Math.max(1, softLimit - reserved);
}

/** The same of this process. Node has raised its soft limit to the hard one. */
export function connectionLimit(): number {
  return connectionsWithin(readFileSync('/proc/self/limits', 'utf8'));
}
