import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { StreamctlError } from '../base/errors.ts';
import type { ConfigProblem } from './problem.ts';

/** A configuration file as read: plain values, and where each of them stands. */
export interface ConfigFile {
  readonly path: string;
  readonly values: unknown;
  readonly problems: readonly ConfigProblem[];
  /** 1-based line of a path, or of the nearest section above it. */
  lineOf(path: readonly PropertyKey[]): number;
}

export interface ConfigFileSearch {
  /** Of `--config`. */
  readonly flag?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** The file to read: `--config`, `$STREAMCTL_CONFIG`, `./streamctl.yaml`, `/etc/streamctl/streamctl.yaml`; none is fine. */
export function findConfigFile({ flag, env, cwd }: ConfigFileSearch): string | undefined {
  const named = flag ?? (env.STREAMCTL_CONFIG || undefined);
  if (named !== undefined) return resolve(cwd, named);
  return [resolve(cwd, 'streamctl.yaml'), '/etc/streamctl/streamctl.yaml'].find((path) => existsSync(path));
}

/** Reads and parses. Throws CONFIG_UNREADABLE; mistakes in the YAML itself are among `problems`. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StreamctlError(
      'CONFIG_UNREADABLE',
      { path, reason: (cause as NodeJS.ErrnoException).code ?? 'error' },
      { cause },
    );
  }
  return parseConfigFile(path, text);
}

export function parseConfigFile(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
  const problems = document.errors.map(
    (error): ConfigProblem => ({
      path: '',
      where: `${path}:${lines.linePos(error.pos[0]).line}`,
      found: `YAML that cannot be read (${error.message.split('\n')[0]})`,
      wanted: 'valid YAML',
    }),
  );
  const values = problems.length > 0 ? {} : (document.toJS({ maxAliasCount: 20 }) ?? {});
  return {
    path,
    values,
    problems,
    lineOf: (at) => lines.linePos(offsetOf(document.contents, at)).line || 1,
  };
}

/** Where the key of `path` begins, as deep as the file goes. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
