import { Flags } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class EventsList extends ServerCommand {
  static override summary = 'List what happened, oldest first; or follow it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --stream morning-show',
    '<%= config.bin %> <%= command.id %> --type stream.started --type stream.ended --json',
    '<%= config.bin %> <%= command.id %> --follow',
  ];
  static override flags = {
    stream: Flags.string({ helpValue: 'STREAM', description: 'Only of this stream, by id or channel.' }),
    type: Flags.string({
      multiple: true,
      helpValue: 'TYPE',
      description: 'Only events of this type; may be repeated.',
    }),
    after: Flags.integer({ min: 0, helpValue: 'ID', description: 'Only events behind this one.' }),
    limit: Flags.integer({ default: 100, min: 1, max: 1000, helpValue: '100', description: 'How many at most.' }),
    follow: Flags.boolean({ char: 'f', description: 'Go on with what happens next, until interrupted.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(EventsList);
    const { eventLine, eventTableText } = await import('../../src/cli/event-text.ts');
    const { stream, after, limit, json } = flags;
    const filter = { stream, types: flags.type?.join(','), after, limit };
    await this.withClient(flags, async (client) => {
      if (!flags.follow) {
        const page = await client.listEvents(filter);
        this.print(json, page, ({ items }) => eventTableText(items));
        return;
      }
      const { endSignal } = await import('../../src/cli/end-signal.ts');
      const { followEvents } = await import('../../src/cli/follow-events.ts');
      for await (const event of followEvents(client, filter, endSignal())) {
        process.stdout.write(`${json ? JSON.stringify(event) : eventLine(event)}\n`);
      }
    });
  }
}
