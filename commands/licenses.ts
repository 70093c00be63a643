import { BaseCommand } from '../src/cli/command.ts';

export default class Licenses extends BaseCommand {
  static override summary = 'The licences of everything that is in this program.';
  static override examples = ['<%= config.bin %> <%= command.id %> | less'];
  static override baseFlags = {};

  override async run(): Promise<void> {
    await this.parse(Licenses);
    const { licensesText } = await import('../src/cli/licenses.ts');
    this.log(licensesText());
  }
}
