import { ServerCommand } from '../../src/cli/server-command.ts';

export default class EventsReceivers extends ServerCommand {
  static override summary = 'List who gets events: what waits for each, and what it would not take.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(EventsReceivers);
    const { receiverTableText } = await import('../../src/cli/event-text.ts');
    const list = await this.withClient(flags, (client) => client.listEventReceivers(), { mustRun: true });
    this.print(flags.json, list, ({ items }) => receiverTableText(items));
  }
}
