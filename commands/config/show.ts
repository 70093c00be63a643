import { BaseCommand } from '../../src/cli/command.ts';

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show every value in force and where it comes from; secrets are left out.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigShow);
    const { shownValues } = await import('../../src/config/shown.ts');
    const { oneLine, renderTable } = await import('../../src/cli/table.ts');
    const { filePath = null, values } = await this.loadConfig(flags);
    this.print(flags.json, { file: filePath, values: shownValues(values) }, (shown) =>
      renderTable(
        ['PATH', 'VALUE', 'FROM'],
        shown.values.map(({ path, value, from }) => [path, oneLine(value), from]),
      ),
    );
  }
}
