import { Args, Flags } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class StreamsLink extends ServerCommand {
  static override summary = 'Make a signed link: whoever has it may watch until it expires.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> morning-show --expires-in 12h --json',
  ];
  static override args = {
    stream: Args.string({ required: true, description: 'A channel, for all its broadcasts; or a stream id, for one.' }),
  };
  static override flags = {
    'expires-in': Flags.string({ helpValue: '12h', default: '12h', description: 'How long the link is good.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StreamsLink);
    const { readDuration } = await import('../../src/cli/duration-flag.ts');
    const { linkText } = await import('../../src/cli/link-text.ts');
    const expiresInSeconds = Math.floor(readDuration('expires-in', flags['expires-in']) / 1000);
    const body = { expires_in: expiresInSeconds };
    const link = await this.withClient(flags, (client) => client.createLink(args.stream, body));
    this.print(flags.json, link, linkText);
  }
}
