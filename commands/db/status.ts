import { BaseCommand } from '../../src/cli/command.ts';

export default class DbStatus extends BaseCommand {
  static override summary = 'Show the store: where it is, its size, its migrations.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(DbStatus);
    const { storeStatusText, withStore } = await import('../../src/cli/db.ts');
    const { config } = await this.loadConfig(flags);
    const status = await withStore(config, false, (store) => store.status());
    this.print(flags.json, status, storeStatusText);
  }
}
