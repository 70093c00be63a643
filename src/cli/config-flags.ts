import { Flags } from '@oclif/core';
import type { FlagInput } from '@oclif/core/interfaces';
import { flaggedPaths, flagNameOf, readConfigTree } from '../config/leaves.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';

/** A flag for each value that is often changed, described by the schema. */
export function configValueFlags(): FlagInput {
  const leaves = new Map(readConfigTree().leaves.map((leaf) => [leaf.path, leaf]));
  return Object.fromEntries(
    flaggedPaths.map((path) => {
      const leaf = leaves.get(path);
      const options = { description: `${leaf?.description ?? ''} (${path})`, helpGroup: 'CONFIGURATION' };
      const flag =
        leaf?.kind === 'other'
          ? Flags.boolean({ ...options, allowNo: true })
          : Flags.string({ ...options, helpValue: String(leaf?.defaultValue || 'VALUE') });
      return [flagNameOf(path), flag];
    }),
  );
}

/** Loads the configuration with the flags of a command over everything else. */
export function loadConfigFromFlags(flags: Record<string, unknown>): LoadedConfig {
  const flagValues: Record<string, string> = {};
  for (const path of flaggedPaths) {
    const value = flags[flagNameOf(path)];
    if (value !== undefined) flagValues[path] = String(value);
  }
  const flag = typeof flags.config === 'string' ? flags.config : undefined;
  return loadConfig({ flag, flagValues, env: process.env, cwd: process.cwd() });
}
