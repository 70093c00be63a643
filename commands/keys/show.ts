import { Args } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysShow extends ServerCommand {
  static override summary = 'Show one stream key, without its secret.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> sk_k3vq7t2bna',
  ];
  static override args = {
    key: Args.string({ required: true, description: 'Key id, or a channel with one valid key.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysShow);
    const { keyText } = await import('../../src/cli/key-text.ts');
    const key = await this.withClient(flags, (client) => client.showKey(args.key));
    this.print(flags.json, key, (value) => keyText(value, Date.now()));
  }
}
