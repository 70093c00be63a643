import { Args } from '@oclif/core';
import { BaseCommand } from '../../src/cli/command.ts';

export default class DbBackup extends BaseCommand {
  static override summary = 'Write a whole copy of the store into a new file, while the server runs.';
  static override description =
    'Keys are only good with the pepper file of the data folder: keep a copy of it too, elsewhere.';
  static override examples = ['<%= config.bin %> <%= command.id %> /backup/streamctl-monday.db'];
  static override args = { file: Args.string({ required: true, description: 'The file to make.' }) };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DbBackup);
    const { backupStore } = await import('../../src/cli/db.ts');
    const { config } = await this.loadConfig(flags);
    const path = await backupStore(config, args.file);
    this.print(flags.json, { path }, () => `Wrote ${path}.`);
  }
}
