import { Args, Flags } from '@oclif/core';
import { policyFlags } from '../../src/cli/policy-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysUpdate extends ServerCommand {
  static override summary = 'Change how long a stream key is good, and what it allows.';
  static override description =
    'What is not named stays as it is; default takes a limit or a wish away. A broadcast that runs is held to the new policy at once.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show --max-bitrate 6M --max-height 1080',
    '<%= config.bin %> <%= command.id %> morning-show --ladder default --playback signed',
    '<%= config.bin %> <%= command.id %> guest --expires-in 12h',
  ];
  static override args = {
    key: Args.string({ required: true, description: 'Key id, or a channel with one valid key.' }),
  };
  static override flags = {
    'expires-in': Flags.string({
      helpValue: '12h',
      description: 'How long the key is good from now on; never: for ever.',
    }),
    ...policyFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysUpdate);
    const { readKeyChange } = await import('../../src/cli/key-change.ts');
    const { keyText } = await import('../../src/cli/key-text.ts');
    const change = readKeyChange(flags);
    const key = await this.withClient(flags, (client) => client.updateKey(args.key, change));
    this.print(flags.json, key, (value) => keyText(value, Date.now()));
  }
}
