import { createLog, type Log } from '../observability/log.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof levels)[number];

/** A log whose lines another thread writes: only one has the destination. */
export function forwardingLog(level: string, forward: (line: string) => void): Log {
  const destination = { write: forward };
  return createLog({ level, format: 'json', isTerminal: false, useColor: false, destination });
}

/** Writes a line that came from another thread, as if it had been said here. */
export function writeForwarded(log: Log, line: string): void {
  const { level, time: _, msg, ...fields } = JSON.parse(line) as { level: Level; time: string; msg: string };
  log[levels.includes(level) ? level : 'info'](fields, msg);
}
