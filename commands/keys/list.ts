import { Flags } from '@oclif/core';
import { listFlags } from '../../src/cli/list-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class KeysList extends ServerCommand {
  static override summary = 'List the stream keys: their channels, states and last use, never the keys themselves.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --channel morning-show --json',
  ];
  static override flags = {
    channel: Flags.string({ helpValue: 'NAME', description: 'Only keys of this channel.' }),
    ...listFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KeysList);
    const { keyTableText } = await import('../../src/cli/key-text.ts');
    const { turnPages } = await import('../../src/client/pages.ts');
    const { pageText } = await import('../../src/cli/page-text.ts');
    const { channel } = flags;
    const page = await this.withClient(flags, (client) =>
      turnPages((query) => client.listKeys({ ...query, channel }), flags),
    );
    this.print(flags.json, page, (value) => pageText(value, (items) => keyTableText(items, Date.now())));
  }
}
