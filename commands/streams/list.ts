import { Flags } from '@oclif/core';
import { BaseCommand } from '../../src/cli/command.ts';

export default class StreamsList extends BaseCommand {
  static override summary = 'List the streams, newest first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --state ACTIVE --json',
  ];
  static override flags = {
    state: Flags.string({
      options: ['PENDING_INGEST', 'ACTIVE', 'ENDED_GRACEFULLY', 'ERROR'],
      description: 'Only streams in this state.',
    }),
    channel: Flags.string({ helpValue: 'NAME', description: 'Only streams of this channel.' }),
    limit: Flags.integer({ default: 20, min: 1, max: 1000, helpValue: '20', description: 'How many at most.' }),
    cursor: Flags.string({ helpValue: 'CURSOR', description: 'next_cursor of the page before.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(StreamsList);
    const { withControl } = await import('../../src/cli/control.ts');
    const { streamTableText } = await import('../../src/cli/stream-text.ts');
    const { config } = await this.loadConfig(flags);
    const { state, channel, limit, cursor } = flags;
    const page = await withControl(config, ({ client }) => client.listStreams({ state, channel, limit, cursor }));
    this.print(flags.json, page, ({ items, next_cursor: next }) =>
      next === null ? streamTableText(items) : `${streamTableText(items)}\n\nMore: --cursor ${next}`,
    );
  }
}
