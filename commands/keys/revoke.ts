import { Args } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysRevoke extends ServerCommand {
  static override summary = 'End a stream key for good; a broadcast that runs with it ends too.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> sk_k3vq7t2bna',
  ];
  static override args = {
    key: Args.string({ required: true, description: 'Key id, or a channel with one valid key.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysRevoke);
    const key = await this.withClient(flags, (client) => client.revokeKey(args.key));
    this.print(flags.json, key, ({ prefix, channel }) => `Revoked ${prefix} of channel ${channel}.`);
  }
}
