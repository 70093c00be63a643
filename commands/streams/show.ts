import { Args } from '@oclif/core';
import { BaseCommand } from '../../src/cli/command.ts';

export default class StreamsShow extends BaseCommand {
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
    const { withControl } = await import('../../src/cli/control.ts');
    const { streamText } = await import('../../src/cli/stream-text.ts');
    const { config } = await this.loadConfig(flags);
    await withControl(config, async ({ client }) => {
      const stream = await client.showStream(args.stream);
      const events = flags.json ? [] : (await client.listEvents(stream.id)).items;
      this.print(flags.json, stream, (value) => streamText(value, events));
    });
  }
}
