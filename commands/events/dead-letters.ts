import { Flags } from '@oclif/core';
import { listFlags } from '../../src/cli/list-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class EventsDeadLetters extends ServerCommand {
  static override summary = 'List events that receivers would not take, with what they said.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --receiver webhook-3f9a1c0b7d52 --json',
  ];
  static override flags = {
    receiver: Flags.string({ helpValue: 'ID', description: 'Only of this receiver.' }),
    ...listFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(EventsDeadLetters);
    const { deadLetterTableText } = await import('../../src/cli/event-text.ts');
    const { turnPages } = await import('../../src/client/pages.ts');
    const { pageText } = await import('../../src/cli/page-text.ts');
    const { receiver } = flags;
    const page = await this.withClient(flags, (client) =>
      turnPages((query) => client.listDeadLetters({ ...query, receiver }), flags),
    );
    this.print(flags.json, page, (value) => pageText(value, deadLetterTableText));
  }
}
