import { ServerCommand } from '../src/cli/server-command.ts';

export default class Status extends ServerCommand {
  static override summary = 'Show what the running server does: streams, viewers, memory, warnings.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const { statusText } = await import('../src/cli/status-text.ts');
    const status = await this.withClient(flags, (client) => client.status(), { mustRun: true });
    this.print(flags.json, status, statusText);
  }
}
