import { Args } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class StreamsShow extends ServerCommand {
  static override summary = 'Show one stream: state, renditions, addresses, warnings and what happened.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> morning-show --json',
  ];
  static override args = {
    stream: Args.string({ required: true, description: 'Stream id, or a channel: then its current stream.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StreamsShow);
    const { streamText } = await import('../../src/cli/stream-text.ts');
    await this.withClient(flags, async (client) => {
      const stream = await client.showStream(args.stream);
      const events = flags.json ? [] : (await client.listEvents({ stream: stream.id })).items;
      this.print(flags.json, stream, (value) => streamText(value, events));
    });
  }
}
