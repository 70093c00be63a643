import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observability/log.ts';

/** What a running server takes over; everything else needs a restart. */
const reloadablePaths: readonly string[] = ['log.level'];

/**
 * Reads the configuration again. What can be taken over is, what cannot is named, and a configuration with mistakes changes nothing.
 * Resolves with the configuration in force; never rejects.
 */
export async function reloadConfig(
  current: LoadedConfig,
  load: () => Promise<LoadedConfig>,
  log: Log,
): Promise<LoadedConfig> {
  let next: LoadedConfig;
  try {
    next = await load();
  } catch (err) {
    log.error({ err }, 'the configuration was not reloaded: the one before stays in force');
    return current;
  }
  const before = new Map(current.values.map(({ path, value }) => [path, value]));
  const changed = next.values.filter(({ path, value }) => !isDeepStrictEqual(value, before.get(path)));
  const paths = changed.map(({ path }) => path);
  const reloaded = paths.filter((path) => reloadablePaths.includes(path));
  const needRestart = paths.filter((path) => !reloadablePaths.includes(path));
  if (reloaded.includes('log.level')) log.level = next.config.log.level;
  if (needRestart.length > 0) log.warn({ paths: needRestart }, 'changed values need a restart');
  log.info(
    { paths: reloaded },
    reloaded.length > 0 ? 'configuration reloaded' : 'configuration read again: nothing to reload',
  );
  // What needs a restart is still pending, so the next reload has to name it again.
  return {
    ...current,
    config: { ...current.config, log: { ...current.config.log, level: next.config.log.level } },
    values: current.values.map(
      (entry) => next.values.find(({ path }) => path === entry.path && reloaded.includes(path)) ?? entry,
    ),
  };
}
