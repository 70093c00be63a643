import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Terminfo } from 'blessed';
import { embeddedFile, isExecutable } from '../base/embedded.ts';

/** What every terminal of today understands, whatever it calls itself: its control sequences are xterm's, our colours the first eight. */
export const terminal = 'xterm-256color';

/**
 * Gives blessed the description of xterm that it brings along, and never one of this machine: those that newer ncurses compile it
 * misreads, and TERM may name one that is not installed.
 */
export function useOwnTerminfo(prototype: Terminfo): void {
  const bytes = isExecutable
    ? embeddedFile('xterm-256color')
    : readFileSync(createRequire(import.meta.url).resolve(`blessed/usr/${terminal}`));
  prototype.readTerminfo = function (this: Terminfo) {
    return this.parseTerminfo(Buffer.from(bytes), terminal);
  };
}
