import type { GroupStats } from '../publisher/publisher-group.ts';

/** A terminal shows one line that changes; a log file gets a line now and then. */
const terminalIntervalMs = 500;
const fileIntervalMs = 10_000;
/** Tags that come later than this mean that this machine, or the way to the server, does not keep up. */
const noticeableLateMs = 250;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells how a publication goes on until the returned function is called. `address` has no key in it. */
export function showPublishProgress(address: string, stats: () => GroupStats, output: ProgressOutput): () => void {
  const isTerminal = output.isTTY === true;
  const show = () => {
    const line = progressLine(address, stats());
    output.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, isTerminal ? terminalIntervalMs : fileIntervalMs);
  return () => {
    clearInterval(timer);
    if (isTerminal) output.write('\r\x1b[K');
  };
}

export function progressLine(address: string, stats: GroupStats): string {
  const { publishers, live, mediaMs, bytes, reconnects, maxLateMs } = stats;
  const who = publishers === 1 ? (live === 1 ? 'live' : 'connecting') : `${live} of ${publishers} live`;
  const rateMbps = mediaMs === 0 ? 0 : (bytes * 8) / 1000 / mediaMs;
  const words = [`${who} at ${address}`, `${Math.floor(mediaMs / 1000)} s`, `${rateMbps.toFixed(2)} Mbit/s`];
  if (reconnects > 0) words.push(`${reconnects} reconnections`);
  if (maxLateMs > noticeableLateMs) words.push(`up to ${Math.round(maxLateMs)} ms behind`);
  return words.join(', ');
}
