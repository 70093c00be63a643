import { type Command, Config, Plugin, run } from '@oclif/core';
import type { PJSON } from '@oclif/core/interfaces';
import { reportFailure } from './failure.ts';

/** Commands by id: `serve`, `keys:create`. */
export type CommandMap = Readonly<Record<string, Command.Class>>;

export interface CommandLine {
  readonly argv: readonly string[];
  readonly commands: CommandMap;
  /** Folder of package.json. */
  readonly root: string;
  readonly packageJson: { readonly name: string; readonly version: string };
}

const topics = {
  keys: { description: 'Stream keys: what broadcasters sign in with.' },
  streams: { description: 'Broadcasts, running and past.' },
  tokens: { description: 'API tokens: what programs and administrators sign in with.' },
  events: { description: 'What happened, and who is told of it.' },
  config: { description: 'The configuration: check it, show it, its schema.' },
  db: { description: 'The store: its state, migrations, backups.' },
};

/** Gives oclif the commands as a map instead of a folder to scan, so that they can be bundled. */
async function pluginOf(options: ConstructorParameters<typeof Plugin>[0], commands: CommandMap): Promise<Plugin> {
  const plugin = new Plugin(options);
  Object.defineProperty(plugin, 'loadCommandsFromTarget', { value: async () => commands });
  await plugin.load();
  return plugin;
}

/** Runs one command line; resolves with the exit code. Never rejects. */
export async function runCommandLine({ argv, commands, root, packageJson }: CommandLine): Promise<number> {
  const pjson = {
    ...packageJson,
    oclif: {
      bin: 'streamctl',
      topicSeparator: ' ',
      commands: { strategy: 'explicit', target: './commands', identifier: 'commands' },
      topics,
      helpOptions: { flagSortOrder: 'none', hideAliasesFromRoot: true },
    },
  } as unknown as PJSON;
  try {
    const options = { root, pjson, isRoot: true, ignoreManifest: true };
    const plugin = await pluginOf(options, commands);
    const config = await Config.load({ ...options, plugins: new Map([[plugin.name, plugin]]) });
    await run([...argv], config);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, argv, commands);
  }
}
