import type { Percentiles } from '../contract/live-metrics.ts';

/* Figures as narrow columns hold them. What was not measured is a dash. */

export const unknown = '-';

/** `7.8M`, `640k`, `1.2G`: bits per second, at most four characters below 1 Tbit/s. */
export function shortBitrate(bps: number): string {
  if (bps < 500) return '0';
  const [divisor, unit] = bps >= 999.5e6 ? ([1e9, 'G'] as const) : bps >= 999.5e3 ? ([1e6, 'M'] as const) : [1e3, 'k'];
  const value = bps / divisor;
  return `${value < 9.95 && unit !== 'k' ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** `412 ms`, `2.4 s`, `95 s`. */
export function shortTime(ms: number | null): string {
  if (ms === null) return unknown;
  if (Math.abs(ms) < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  return `${Math.abs(seconds) < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** The median, and what all but one in twenty stay below: `180/412 ms`, `640 ms/1.8 s`. */
export function spread({ p50, p95 }: Percentiles, figure: (value: number) => string = shortTime): string {
  if (p50 === null) return unknown;
  if (p95 === null) return figure(p50);
  const [low, high] = [figure(p50), figure(p95)];
  const unit = / .*$/.exec(high)?.[0] ?? '';
  return `${unit !== '' && low.endsWith(unit) ? low.slice(0, -unit.length) : low}/${high}`;
}

/** `3d 4h`, `5m 12s`: the two largest units. */
export function shortDuration(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return '0s';
  let rest = Math.floor(seconds);
  return units
    .slice(first, first + 2)
    .map(([size, name]) => {
      const amount = Math.floor(rest / size);
      rest -= amount * size;
      return `${amount}${name}`;
    })
    .join(' ');
}

/** `0.4 %`. */
export function percent(share: number | null): string {
  return share === null ? unknown : `${(share * 100).toFixed(1)} %`;
}

export function framesPerSecond(fps: number | null): string {
  return fps === null ? unknown : String(Math.round(fps * 10) / 10);
}

/** `312 MB`, `1.4 GB`. */
export function memory(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
