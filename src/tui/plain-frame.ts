import type { TopFrame } from './frame.ts';
import { cut, type Line, paint, segment, type TerminalStyle } from './line.ts';

/** A frame as text without control codes other than colours, and those only where `style` has them. */
export function plainFrame({ head, table, lower }: TopFrame, width: number, style: TerminalStyle): string {
  const rows: Line[] = table === undefined ? [] : [[segment(table.heads.join(' '), 'bold')], ...table.rows.map(spaced)];
  return [...head, ...rows, ...lower].map((line) => paint(cut(line, width), style).trimEnd()).join('\n');
}

function spaced(cells: Line): Line {
  return cells.flatMap((cell, index) => (index === 0 ? [cell] : [segment(' '), cell]));
}
