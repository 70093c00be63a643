import { BaseCommand } from '../../src/cli/command.ts';

export default class DbMigrate extends BaseCommand {
  static override summary = 'Bring the store to the form this version needs; serve does so by itself.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(DbMigrate);
    const { storeStatusText, withStore } = await import('../../src/cli/db.ts');
    const { config } = await this.loadConfig(flags);
    const status = await withStore(config, true, (store) => store.status());
    this.print(flags.json, status, storeStatusText);
  }
}
