import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../src/cli/command.ts';

export default class KeysCreate extends BaseCommand {
  static override summary = 'Create a stream key for a channel, and show what to type into the encoder.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> guest --expires-in 12h --json',
    '<%= config.bin %> <%= command.id %> side-stage --ladder 480p,360p',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Channel: 1 to 63 of a-z, 0-9 and "-".' }),
  };
  static override flags = {
    'expires-in': Flags.string({ helpValue: '12h', description: 'How long the key is good; without it, for ever.' }),
    ladder: Flags.string({
      helpValue: '480p,360p',
      description: 'Rungs of the ladder its broadcasts get, or none; without it, all that are configured.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysCreate);
    const { withControl } = await import('../../src/cli/control.ts');
    const { issuedKeyText } = await import('../../src/cli/key-text.ts');
    const { expiryFromNow } = await import('../../src/cli/duration-flag.ts');
    const { readLadder } = await import('../../src/cli/ladder-flag.ts');
    const { config } = await this.loadConfig(flags);
    const ladder = readLadder(flags.ladder);
    const policy = ladder === undefined ? undefined : { ladder };
    const body = { channel: args.name, expires_at: expiryFromNow(flags['expires-in']), policy };
    const issued = await withControl(config, ({ client }) => client.createKey(body));
    this.print(flags.json, issued, (key) => issuedKeyText(key, 'Created a key for channel'));
  }
}
