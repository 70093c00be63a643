import { Flags } from '@oclif/core';
import { listFlags } from '../../src/cli/list-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class StreamsList extends ServerCommand {
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
    ...listFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(StreamsList);
    const { streamTableText } = await import('../../src/cli/stream-text.ts');
    const { turnPages } = await import('../../src/client/pages.ts');
    const { pageText } = await import('../../src/cli/page-text.ts');
    const { state, channel } = flags;
    const page = await this.withClient(flags, (client) =>
      turnPages((query) => client.listStreams({ ...query, state, channel }), flags),
    );
    this.print(flags.json, page, (value) => pageText(value, streamTableText));
  }
}
