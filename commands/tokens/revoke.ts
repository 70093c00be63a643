import { Args } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class TokensRevoke extends ServerCommand {
  static override summary = 'Revoke an API token: whoever has it is refused from now on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> grafana',
    '<%= config.bin %> <%= command.id %> h3m6p2x7cd',
  ];
  static override args = {
    token: Args.string({ required: true, description: 'Token id, or a name that one valid token has.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TokensRevoke);
    const token = await this.withClient(flags, (client) => client.revokeToken(args.token));
    this.print(flags.json, token, ({ prefix, name }) => `Revoked ${prefix} (${name}).`);
  }
}
