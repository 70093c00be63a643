import type { ConfigValue } from './load.ts';
import { isSecretPath } from './problem.ts';

/** Values as they may be shown: secrets and the passwords in URLs are taken out. */
export function shownValues(values: readonly ConfigValue[]): ConfigValue[] {
  return values.map((entry) => ({ ...entry, value: shown(entry.path, entry.value) }));
}

function shown(path: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item, i) => shown(`${path}.${i}`, item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, shown(`${path}.${key}`, below)]));
  }
  if (typeof value !== 'string' || value === '' || !isSecretPath(path)) return value;
  return path.endsWith('secret') ? '[redacted]' : withoutCredentials(value);
}

/** Keeps the place a URL names; its user, password, query and fragment may be secrets. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//[redacted]@').replace(/[?#].*$/s, '?[redacted]');
}
