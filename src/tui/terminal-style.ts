import type { TerminalStyle } from './line.ts';

export interface Environment {
  readonly TERM?: string | undefined;
  readonly NO_COLOR?: string | undefined;
  readonly LC_ALL?: string | undefined;
  readonly LC_CTYPE?: string | undefined;
  readonly LANG?: string | undefined;
}

/** What may be written: no colours where NO_COLOR asks for none (no-color.org), ASCII where the locale or the Linux console has no more. */
export function terminalStyle(
  { TERM = '', NO_COLOR = '', LC_ALL, LC_CTYPE, LANG }: Environment,
  isTerminal: boolean,
): TerminalStyle {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return {
    hasColour: isTerminal && NO_COLOR === '' && TERM !== 'dumb' && TERM !== '',
    // Its font has no bars of eighths.
    hasUnicode: /utf-?8/i.test(locale) && TERM !== 'linux',
  };
}

/** Whether a screen can be drawn: a terminal that can move its cursor, with a keyboard. */
export function canDraw({ TERM = '' }: Environment, isTerminal: boolean): boolean {
  return isTerminal && TERM !== '' && TERM !== 'dumb';
}
