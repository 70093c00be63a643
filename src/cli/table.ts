import { styleText } from 'node:util';
import Table from 'cli-table3';

const noBorders = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']),
);

/** Columns under bold heads, without lines; empty cells show a dash. */
export function renderTable(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const table = new Table({
    head: head.map((title) => bold(title)),
    chars: { ...noBorders, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(row.map((cell) => (cell === null || cell === '' ? '-' : String(cell))));
  return table.toString().replace(/ +$/gm, '');
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function renderPairs(pairs: readonly (readonly [string, string | number | null | undefined])[]): string {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${bold(name.padEnd(width))}  ${value}`).join('\n');
}

/** Bold on a terminal that takes colours; NO_COLOR and pipes get plain text. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

/** A value in one cell: text as it is, the rest as JSON, both cut to what a terminal holds. */
export function oneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** `2026-11-22 17:40:05` in local time, null as it is. */
export function localTime(iso: string | null): string | null {
  if (iso === null) return null;
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `6.2 Gbit/s`, `2.5 Mbit/s`, `800 kbit/s`. */
export function bitrate(bps: number): string {
  if (bps >= 1e9) return `${(bps / 1e9).toFixed(1)} Gbit/s`;
  return bps >= 1_000_000 ? `${(bps / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

/** `3d 4h`, `5m 12s`: the two largest units. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  let rest = Math.floor(seconds);
  const parts: string[] = [];
  for (const [size, name] of units) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount}${name}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

/** `312 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
