import { isIP } from 'node:net';
import * as z from 'zod';

/*
 * The scalar types of the configuration. The message of every check is the second half of "found X, wanted …":
 * it says what would be right, in words and with an example.
 */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `2s`, `1.5m`, `12h`, `30d` → milliseconds. */
export function durationMs(limits: { readonly minMs?: number; readonly maxMs?: number } = {}) {
  const wanted = 'a duration with its unit (ms, s, m, h, d), such as 500ms or 30s';
  const { minMs = 0, maxMs = Number.MAX_SAFE_INTEGER } = limits;
  return z
    .string({ error: wanted })
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, { error: wanted, abort: true })
    .transform((text) => {
      const [, amount = '', unit = 'ms'] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
      return Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs]);
    })
    .refine((value) => value >= minMs && value <= maxMs, {
      error: `a duration ${describeRange(minMs, maxMs, formatDuration)}`,
    });
}

function describeRange(min: number, max: number, format: (value: number) => string): string {
  if (max === Number.MAX_SAFE_INTEGER) return `of at least ${format(min)}`;
  return `from ${format(min)} to ${format(max)}`;
}

/** The shortest exact spelling of a duration, as the configuration accepts it. */
function formatDuration(valueMs: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (valueMs !== 0 && valueMs % unitMs[unit] === 0) return `${valueMs / unitMs[unit]}${unit}`;
  }
  return `${valueMs}ms`;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

/** `0.0.0.0:8080`, `[::]:8080`, `localhost:0`, `:8080` (every address). */
export function listenAddress() {
  const wanted = 'an address and port, such as 0.0.0.0:8080, [::]:8080 or 127.0.0.1:0';
  return z
    .string({ error: wanted })
    .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*):\d{1,5}$/, { error: wanted, abort: true })
    .transform((text): ListenAddress => {
      const at = text.lastIndexOf(':');
      const host = text.slice(0, at).replace(/^\[|\]$/g, '');
      return { host: host === '' ? '0.0.0.0' : host, port: Number(text.slice(at + 1)) };
    })
    .refine(({ port }) => port <= 65_535, { error: 'a port from 0 to 65535' });
}

export function formatListen({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A whole number. */
export function count(min = 0, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  const wanted = `a whole number ${range}`;
  return z.int({ error: wanted }).min(min, wanted).max(max, wanted);
}

export function autoOrCount(min: number, max: number) {
  const wanted = `auto, or a whole number from ${min} to ${max}`;
  return z.union([z.literal('auto'), z.int().min(min, wanted).max(max, wanted)], { error: wanted });
}

export function flag() {
  return z.boolean({ error: 'true or false' });
}

/** `80%` → 0.8. */
export function percentage() {
  const wanted = 'a percentage from 1% to 100%, such as 80%';
  return z
    .string({ error: wanted })
    .regex(/^([1-9]\d?|100)%$/, { error: wanted, abort: true })
    .transform((text) => Number(text.slice(0, -1)) / 100);
}

/** `2500k`, `6M` → bits per second. */
export function bitrateBps() {
  const wanted = 'a bit rate with its unit (k or M, bits per second), such as 2500k or 6M';
  return z
    .string({ error: wanted })
    .regex(/^\d+(\.\d+)?[kM]$/, { error: wanted, abort: true })
    .transform((text) => Math.round(Number(text.slice(0, -1)) * (text.endsWith('k') ? 1000 : 1_000_000)));
}

export function text(wanted: string) {
  return z.string({ error: wanted });
}

/** An empty value, or a URL that begins with one of `schemes` (each with its colon). */
export function urlOf(schemes: readonly string[], options: { readonly mayBeEmpty?: boolean } = {}) {
  const list = schemes.map((scheme) => (scheme.endsWith(':') ? `${scheme}…` : scheme)).join(', ');
  const wanted = `${options.mayBeEmpty ? 'empty, or ' : ''}a URL that begins with one of ${list}`;
  return z.string({ error: wanted }).refine((value) => {
    if (value === '') return options.mayBeEmpty === true;
    const scheme = schemes.find((candidate) => value.startsWith(candidate));
    if (scheme === undefined) return false;
    return scheme.includes('//') ? URL.canParse(value) : true;
  }, wanted);
}

/** An address or a network: `10.0.0.0/8`, `::1`. */
export function network() {
  const wanted = 'an IP address or a network, such as 10.0.0.0/8';
  return z.string({ error: wanted }).refine((value) => {
    const [address = '', bits, ...rest] = value.split('/');
    const version = isIP(address);
    if (version === 0 || rest.length > 0) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
  }, wanted);
}
