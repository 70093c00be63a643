import { Flags } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class EventsReplay extends ServerCommand {
  static override summary = 'Deliver events again: from one on, or those that were given up.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dead-letters',
    '<%= config.bin %> <%= command.id %> --receiver webhook-3f9a1c0b7d52 --from 4711',
  ];
  static override flags = {
    receiver: Flags.string({ helpValue: 'ID', description: 'Only to this receiver (streamctl events receivers).' }),
    from: Flags.integer({ min: 1, helpValue: 'ID', description: 'This event and all behind it.' }),
    'dead-letters': Flags.boolean({ description: 'What the receiver would not take.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(EventsReplay);
    const { receiver, from, 'dead-letters': deadLetters } = flags;
    const request = { receiver, from, dead_letters: deadLetters };
    const replayed = await this.withClient(flags, (client) => client.replayEvents(request), { mustRun: true });
    this.print(flags.json, replayed, ({ items }) =>
      items
        .map(
          ({ receiver: id, events, dead_letters: dead }) =>
            `${id}: ${events} events wait; ${dead} that were given up are tried again.`,
        )
        .join('\n'),
    );
  }
}
