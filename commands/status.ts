import { BaseCommand } from '../src/cli/command.ts';

export default class Status extends BaseCommand {
  static override summary = 'Show what the running server does: streams, viewers, memory, warnings.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const { requireServer } = await import('../src/cli/control.ts');
    const { statusText } = await import('../src/cli/status-text.ts');
    const { config } = await this.loadConfig(flags);
    const client = await requireServer(config);
    this.print(flags.json, await client.status(), statusText);
  }
}
