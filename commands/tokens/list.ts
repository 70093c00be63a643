import { listFlags } from '../../src/cli/list-flags.ts';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class TokensList extends ServerCommand {
  static override summary = 'List the API tokens: their names, scopes and last use, never the tokens themselves.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --server https://live.example.org --token-file admin.token --json',
  ];
  static override flags = listFlags;

  override async run(): Promise<void> {
    const { flags } = await this.parse(TokensList);
    const { turnPages } = await import('../../src/client/pages.ts');
    const { pageText } = await import('../../src/cli/page-text.ts');
    const { tokenTableText } = await import('../../src/cli/token-text.ts');
    const page = await this.withClient(flags, (client) => turnPages((query) => client.listTokens(query), flags));
    this.print(flags.json, page, (value) => pageText(value, (items) => tokenTableText(items, Date.now())));
  }
}
