import { BaseCommand } from '../../src/cli/command.ts';

export default class KeysList extends BaseCommand {
  static override summary = 'List the stream keys: their channels, states and last use, never the keys themselves.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(KeysList);
    const { withControl } = await import('../../src/cli/control.ts');
    const { keyTableText } = await import('../../src/cli/key-text.ts');
    const { config } = await this.loadConfig(flags);
    const page = await withControl(config, ({ client }) => client.listKeys());
    this.print(flags.json, page, ({ items }) => keyTableText(items, Date.now()));
  }
}
