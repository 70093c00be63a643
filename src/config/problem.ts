import type * as z from 'zod';
import { secretPaths } from './schema.ts';

/** One mistake in the configuration. */
export interface ConfigProblem {
  /** `http.listen`; empty when the file as a whole is wrong. */
  readonly path: string;
  /** Where it was written: `streamctl.yaml:12`, `STREAMCTL_HTTP_LISTEN`, `--http-listen`. */
  readonly where: string;
  readonly found: string;
  readonly wanted: string;
}

export function describeProblem({ path, where, found, wanted }: ConfigProblem): string {
  return `${where}: ${path === '' ? '' : `${path}: `}found ${found}, wanted ${wanted}`;
}

type Path = readonly PropertyKey[];

/** Turns what zod found into problems; an issue with several unknown keys becomes one problem each. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  whereIs: (path: Path) => string,
  knownKeys: (path: Path) => readonly string[],
): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    if (issue.code !== 'unrecognized_keys') {
      const path = issue.path.map(String).join('.');
      const found = isSecretPath(path) ? 'a secret (not shown)' : show(valueAt(input, issue.path));
      return [{ path, where: whereIs(issue.path), found, wanted: wantedBy(issue) }];
    }
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => {
      const at = [...issue.path, key];
      return {
        path: at.map(String).join('.'),
        where: whereIs(at),
        found: 'an unknown key',
        wanted: wantedKey(key, known),
      };
    });
  });
}

function wantedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record')) {
    return 'a section with keys below it';
  }
  return issue.message;
}

function wantedKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const all = `one of ${known.join(', ')}`;
  return near === undefined ? all : `${near} (did you mean that?), or ${all}`;
}

export function isSecretPath(path: string): boolean {
  const keys = path.split('.');
  return secretPaths.some((secret) => {
    const pattern = secret.split('.');
    return pattern.length === keys.length && pattern.every((part, i) => part === '*' || part === keys[i]);
  });
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The candidate one or two edits away from `word`, when there is one. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(word.length / 2));
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
