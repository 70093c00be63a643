import { readFileSync } from 'node:fs';
import { mediaBudgetBytes } from '../../base/media-memory.ts';
import { type Finding, finding, fine } from '../finding.ts';
import { gigabytes } from './disk.ts';
import type { Host } from './host.ts';

/** What a server needs besides media: code, stacks, sockets. */
const baseBytes = 300e6;
const exampleBitrateBps = 6_000_000;
/** What was listed is kept for as long as the longest playlist that listed it (RFC 8216bis §6.2.2). */
const keptWindows = 2;
const openMediaMs = 6000;

/** How much memory there is, and how many windows of broadcasts it holds. */
export function checkMemory({ config, server }: Host): Finding[] {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  const availableBytes = Number(available ?? 0) * 1024;
  return [memoryFinding(availableBytes, mediaBudgetBytes(), config.hls.windowMs, server !== undefined)];
}

export function memoryFinding(
  availableBytes: number,
  budgetBytes: number,
  windowMs: number,
  isRunning: boolean,
): Finding {
  const streamBytes = (((windowMs + openMediaMs) * keptWindows) / 1000) * (exampleBitrateBps / 8);
  const streams = Math.floor(budgetBytes / streamBytes);
  const found =
    `${gigabytes(availableBytes)} of memory are available. Media may take ${gigabytes(budgetBytes)}: ` +
    `the windows of about ${streams} renditions of 6 Mbit/s.`;
  const figures = { available_bytes: availableBytes, media_budget_bytes: budgetBytes, renditions_of_6_mbit: streams };
  if (streams < 2 || (!isRunning && availableBytes < baseBytes)) {
    return finding('memory-little', 'problem', {
      found,
      figures,
    });
  }
  if (isRunning || availableBytes >= budgetBytes) return fine('memory', found, figures);
  return finding('memory-taken', 'warning', {
    found,
    figures,
  });
}
