// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the notation of the configuration file
import { resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { StreamctlError } from '../base/errors.ts';
import { type ConfigFile, type ConfigFileSearch, findConfigFile, readConfigFile } from './file.ts';
import { type ConfigLeaf, type ConfigTree, environmentNameOf, flagNameOf, readConfigTree } from './leaves.ts';
import { type ConfigProblem, describeProblem, nearest, problemsOf } from './problem.ts';
import { type Config, configSchema } from './schema.ts';

export interface ConfigSources extends ConfigFileSearch {
  /** Values given as flags, by path: `{ 'http.listen': '0.0.0.0:80' }`. */
  readonly flagValues?: Readonly<Record<string, string>>;
}

/** One value with its origin. */
export interface ConfigValue {
  readonly path: string;
  /** As it would stand in the file. */
  readonly value: unknown;
  /** `default`, `streamctl.yaml:12`, `STREAMCTL_HTTP_LISTEN`, `--http-listen`. */
  readonly from: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly filePath: string | undefined;
  readonly values: readonly ConfigValue[];
  /** Not wrong, but worth a word. */
  readonly warnings: readonly string[];
}

/**
 * Reads flags over environment over file over defaults into one checked configuration.
 * Throws CONFIG_INVALID with every mistake at once, or CONFIG_UNREADABLE.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const filePath = findConfigFile(sources);
  return buildConfig(sources, filePath === undefined ? undefined : readConfigFile(filePath));
}

/** `loadConfig` behind the reading of the file. */
export function buildConfig(sources: ConfigSources, file: ConfigFile | undefined): LoadedConfig {
  const tree = readConfigTree();
  const problems: ConfigProblem[] = [...(file?.problems ?? [])];
  const input = withoutEmptySections(structuredClone(file?.values ?? {}), tree);
  const origins = new Map<string, string>();
  for (const { path, value, from } of overrides(sources, tree, problems)) {
    setAt(input, path.split('.'), value);
    origins.set(path, from);
  }
  problems.push(...interpolateDataDir(input, tree, (path) => whereIs(path)));
  function whereIs(path: readonly PropertyKey[]): string {
    for (let depth = path.length; depth > 0; depth--) {
      const from = origins.get(path.slice(0, depth).join('.'));
      if (from !== undefined) return from;
    }
    return file === undefined ? 'configuration' : `${file.path}:${file.lineOf(path)}`;
  }
  const knownKeys = (path: readonly PropertyKey[]) =>
    tree.sections.find((section) => section.path === path.join('.'))?.keys ?? [];
  const result = configSchema.safeParse(input);
  if (!result.success) problems.push(...problemsOf(result.error.issues, input, whereIs, knownKeys));
  if (problems.length > 0 || !result.success) throw invalid(problems);
  const { dataDir } = result.data;
  return {
    config: { ...result.data, dataDir: resolve(sources.cwd, dataDir) },
    filePath: file?.path,
    values: tree.leaves.map((leaf) => {
      const written = getAt(file?.values, leaf.path.split('.')) !== undefined;
      const from = origins.get(leaf.path) ?? (written ? whereIs(leaf.path.split('.')) : 'default');
      return { path: leaf.path, value: getAt(input, leaf.path.split('.')) ?? leaf.defaultValue, from };
    }),
    warnings: unknownVariables(sources.env, tree),
  };
}

function invalid(problems: readonly ConfigProblem[]): StreamctlError {
  return new StreamctlError('CONFIG_INVALID', { problems: problems.map(describeProblem) });
}

/** A section whose keys are all commented out is null in YAML: the same as absent. */
function withoutEmptySections(values: unknown, tree: ConfigTree): unknown {
  if (typeof values !== 'object' || values === null) return values;
  for (const section of tree.sections) {
    const keys = section.path.split('.');
    if (section.path !== '' && getAt(values, keys) === null) setAt(values, keys, {});
  }
  return values;
}

function* overrides(
  { env, flagValues = {} }: ConfigSources,
  tree: ConfigTree,
  problems: ConfigProblem[],
): Generator<ConfigValue> {
  for (const leaf of tree.leaves) {
    const flag = flagValues[leaf.path];
    const from = flag === undefined ? environmentNameOf(leaf.path) : `--${flagNameOf(leaf.path)}`;
    const text = flag ?? env[from];
    if (text === undefined) continue;
    try {
      yield { path: leaf.path, value: readText(leaf, text), from };
    } catch {
      problems.push({ path: leaf.path, where: from, found: JSON.stringify(text), wanted: 'a value as in YAML' });
    }
  }
}

/** Text of a flag or variable as a value: strings as they are, lists separated by commas or as in YAML, the rest as in YAML. */
function readText(leaf: ConfigLeaf, text: string): unknown {
  if (leaf.kind === 'string') return text;
  if (leaf.kind === 'list' && !text.trimStart().startsWith('[')) {
    return text === '' ? [] : text.split(',').map((item) => item.trim());
  }
  return parseYaml(text);
}

/** Puts the data folder in for `${data_dir}`, in defaults too; another `${…}` is a mistake. */
function interpolateDataDir(
  input: unknown,
  tree: ConfigTree,
  whereIs: (path: readonly PropertyKey[]) => string,
): ConfigProblem[] {
  if (typeof input !== 'object' || input === null) return [];
  const written = getAt(input, ['data_dir']);
  const dataDir =
    typeof written === 'string' ? written : String(tree.leaves.find((l) => l.path === 'data_dir')?.defaultValue);
  return tree.leaves.flatMap((leaf): ConfigProblem[] => {
    const keys = leaf.path.split('.');
    const value = getAt(input, keys) ?? leaf.defaultValue;
    if (typeof value !== 'string' || !value.includes('${')) return [];
    const filled = value.replaceAll('${data_dir}', dataDir);
    const parent = keys.length === 1 ? input : (getAt(input, keys.slice(0, -1)) ?? {});
    if (typeof parent === 'object') setAt(input, keys, filled);
    if (!filled.includes('${')) return [];
    return [{ path: leaf.path, where: whereIs(keys), found: JSON.stringify(value), wanted: 'no ${…} but ${data_dir}' }];
  });
}

/** What is no part of the configuration: where it lies, and which server commands talk to. */
const commandVariables = ['STREAMCTL_CONFIG', 'STREAMCTL_SERVER', 'STREAMCTL_TOKEN'];

/** Kubernetes and the like put variables of their own under a service's name, so an unknown one is told, not refused. */
function unknownVariables(env: NodeJS.ProcessEnv, tree: ConfigTree): string[] {
  const known = new Set([...commandVariables, ...tree.leaves.map((leaf) => environmentNameOf(leaf.path))]);
  return Object.keys(env)
    .filter((name) => name.startsWith('STREAMCTL_') && !known.has(name))
    .map((name) => {
      const near = nearest(name, [...known]);
      return `The environment variable ${name} means nothing here${near === undefined ? '' : `; did you mean ${near}?`}.`;
    });
}

function getAt(root: unknown, keys: readonly string[]): unknown {
  let value = root;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Sets a value, making the sections above it; leaves a section that is not one as it is, for the check to report. */
function setAt(root: unknown, keys: readonly string[], value: unknown): void {
  let parent = root;
  for (const key of keys.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null) return;
    const record = parent as Record<string, unknown>;
    record[key] ??= {};
    parent = record[key];
  }
  const last = keys.at(-1);
  if (typeof parent === 'object' && parent !== null && last !== undefined) {
    (parent as Record<string, unknown>)[last] = value;
  }
}
