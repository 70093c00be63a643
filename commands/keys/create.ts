import { Args, Flags } from '@oclif/core';
import { policyFlags } from '../../src/cli/policy-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysCreate extends ServerCommand {
  static override summary = 'Create a stream key for a channel, and show what to type into the encoder.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> guest --expires-in 12h --json',
    '<%= config.bin %> <%= command.id %> side-stage --ladder 480p,360p --max-bitrate 4M',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Channel: 1 to 63 of a-z, 0-9 and "-".' }),
  };
  static override flags = {
    'expires-in': Flags.string({ helpValue: '12h', description: 'How long the key is good; without it, for ever.' }),
    ...policyFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(KeysCreate);
    const { issuedKeyText } = await import('../../src/cli/key-text.ts');
    const { expiryFromNow } = await import('../../src/cli/duration-flag.ts');
    const { readNewPolicy } = await import('../../src/cli/policy-flags.ts');
    const policy = readNewPolicy(flags);
    const body = { channel: args.name, expires_at: expiryFromNow(flags['expires-in']), policy };
    const issued = await this.withClient(flags, (client) => client.createKey(body));
    this.print(flags.json, issued, (key) => issuedKeyText(key, 'Created a key for channel'));
  }
}
