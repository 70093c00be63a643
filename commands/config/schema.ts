import { BaseCommand, jsonFlag } from '../../src/cli/command.ts';

export default class ConfigSchema extends BaseCommand {
  static override summary = 'Print the JSON Schema of the configuration file, for editors.';
  static override examples = ['<%= config.bin %> <%= command.id %> > streamctl.schema.json'];
  static override baseFlags = jsonFlag;

  override async run(): Promise<void> {
    await this.parse(ConfigSchema);
    const { configJsonSchema } = await import('../../src/config/json-schema.ts');
    this.print(true, configJsonSchema(), () => '');
  }
}
