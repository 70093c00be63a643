import { Args, Flags } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysRotate extends ServerCommand {
  static override summary = 'Give a stream key a new secret; the old one stays good for a while.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> morning-show --overlap 0s',
  ];
  static override args = {
    key: Args.string({ required: true, description: 'Key id, or a channel with one valid key.' }),
  };
  static override flags = {
    overlap: Flags.string({ default: '24h', helpValue: '24h', description: 'How long the old secret stays good.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysRotate);
    const { issuedKeyText } = await import('../../src/cli/key-text.ts');
    const { readDuration } = await import('../../src/cli/duration-flag.ts');
    const overlapMs = readDuration('overlap', flags.overlap);
    const issued = await this.withClient(flags, (client) => client.rotateKey(args.key, overlapMs));
    this.print(flags.json, issued, (key) => issuedKeyText(key, 'Made a new secret for channel'));
  }
}
