import { Args, Flags } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';
import { scopeNames, scopes } from '../../src/contract/scopes.ts';

export default class TokensCreate extends ServerCommand {
  static override summary = 'Create an API token, which is shown only once.';
  static override description =
    `What a scope allows:\n${scopeNames.map((name) => `  ${name}: ${scopes[name]}`).join('\n')}`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> grafana --scope metrics:read',
    '<%= config.bin %> <%= command.id %> stage-app --scope streams:read,streams:write --expires-in 90d',
    '<%= config.bin %> <%= command.id %> administrator --scope admin --json',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'What it is for: 1 to 64 characters.' }),
  };
  static override flags = {
    scope: Flags.string({
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'SCOPE[,SCOPE]',
      description: 'What it may do; repeated, or with commas.',
    }),
    'expires-in': Flags.string({ helpValue: '90d', description: 'How long the token is good; without it, for ever.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TokensCreate);
    const { expiryFromNow } = await import('../../src/cli/duration-flag.ts');
    const { readScopes } = await import('../../src/cli/scope-flag.ts');
    const { issuedTokenText } = await import('../../src/cli/token-text.ts');
    const body = { name: args.name, scopes: readScopes(flags.scope), expires_at: expiryFromNow(flags['expires-in']) };
    const issued = await this.withClient(flags, (client) => client.createToken(body));
    this.print(flags.json, issued, issuedTokenText);
  }
}
