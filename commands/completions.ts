import { Args, Flags } from '@oclif/core';
import { completedNames } from '../src/cli/completed-names.ts';
import { ServerCommand } from '../src/cli/server-command.ts';

export default class Completions extends ServerCommand {
  static override summary =
    'Print what makes a shell complete the commands, their flags, and names of channels and tokens.';
  static override examples = [
    { description: 'For bash, in this shell:', command: 'source <(<%= config.bin %> <%= command.id %> bash)' },
    {
      description: 'For zsh, in every shell:',
      command: '<%= config.bin %> <%= command.id %> zsh > "$' + '{fpath[1]}/_streamctl"',
    },
    {
      description: 'For fish, in every shell:',
      command: '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/streamctl.fish',
    },
  ];
  static override args = {
    shell: Args.string({ options: ['bash', 'zsh', 'fish'], default: 'bash', description: 'Which shell.' }),
  };
  static override flags = {
    names: Flags.option({ options: completedNames, hidden: true })({ description: 'Only the names there are.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Completions);
    const { names } = flags;
    if (names !== undefined) {
      const { namesToComplete } = await import('../src/cli/completed-names.ts');
      const found = await this.withClient(flags, (client) => namesToComplete(client, names));
      process.stdout.write(found.map((name) => `${name}\n`).join(''));
      return;
    }
    const { commandMap } = await import('./map.ts');
    const { manualCommands } = await import('../src/cli/manual-commands.ts');
    const { bashCompletion, fishCompletion, zshCompletion } = await import('../src/cli/completions.ts');
    const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
    process.stdout.write(writers[args.shell as keyof typeof writers](manualCommands(commandMap)));
  }
}
