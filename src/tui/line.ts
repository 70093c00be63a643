/** What a piece of text means; how that looks is for the terminal. */
export type Tone = 'plain' | 'bold' | 'dim' | 'good' | 'fair' | 'poor' | 'bar';

export interface Segment {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of the screen: at most as wide as it was made to be. */
export type Line = readonly Segment[];

export function segment(text: string, tone: Tone = 'plain'): Segment {
  return { text, tone };
}

/** Text of others, such as an encoder's name, without what would move the cursor, and each character one column wide. */
export function printable(text: string): string {
  return text
    .replace(/[\p{White_Space}\p{Cc}]+/gu, ' ')
    .replace(/[\p{Mn}\p{Cf}]/gu, '')
    .replace(/[^ -\u10ff\u2000-\u25ff]/gu, '?');
}

/** Cut to `width` columns, the last of them an ellipsis; or filled up, at the left for figures. */
export function fitTo(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  if (width <= 0) return '';
  if (text.length > width) return `${text.slice(0, width - 1)}…`;
  return align === 'left' ? text.padEnd(width) : text.padStart(width);
}

/** Cut to `width` columns. */
export function cut(line: Line, width: number): Line {
  const kept: Segment[] = [];
  let left = width;
  const isTooLong = line.reduce((sum, { text }) => sum + text.length, 0) > width;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    kept.push({ text: isTooLong && text.length >= left ? fitTo(`${text} `, left) : text, tone });
    left -= text.length;
  }
  return kept;
}

/** A sentence over as many lines as it needs, those after the first indented. */
export function wrap(text: string, width: number, indent = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((text) => (text.length > width ? fitTo(text, width) : text));
}

/** What a terminal can show. */
export interface TerminalStyle {
  readonly hasColour: boolean;
  readonly hasUnicode: boolean;
}

const codes: Record<Tone, readonly [on: string, off: string]> = {
  plain: ['', ''],
  bold: ['1', '22'],
  dim: ['36', '39'],
  good: ['32', '39'],
  fair: ['33', '39'],
  poor: ['1;31', '22;39'],
  bar: ['7', '27'],
};

/** The line as the terminal gets it: with codes of the eight colours every terminal knows (ECMA-48 §8.3.117), or without any. */
export function paint(line: Line, { hasColour, hasUnicode }: TerminalStyle): string {
  return line
    .map(({ text, tone }) => {
      const shown = hasUnicode ? text : asAscii(text);
      const [on, off] = codes[tone];
      return hasColour && on !== '' && shown !== '' ? `\x1b[${on}m${shown}\x1b[${off}m` : shown;
    })
    .join('');
}

const lookAlikes: Readonly<Record<string, string>> = {
  '▁': '_',
  '▂': '.',
  '▃': '-',
  '▄': '=',
  '▅': '+',
  '▆': '*',
  '▇': '%',
  '█': '#',
  '…': '~',
  '–': '-',
  '—': '-',
  '−': '-',
  '×': 'x',
  '·': '|',
  '↑': '^',
  '↓': 'v',
  '≥': '>',
  '≤': '<',
  '“': '"',
  '”': '"',
  '’': "'",
};

/** Each character as one of ASCII. */
export function asAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => lookAlikes[character] ?? '?');
}
