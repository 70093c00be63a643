import * as z from 'zod';
import { pageOf, pageQuery } from './page.ts';
import { type Scope, scopeNames, scopes } from './scopes.ts';
import { requestTime, utcTime, utcTimeOrNull } from './time.ts';

const described = scopeNames.map((name) => `\`${name}\`: ${scopes[name]}`).join('; ');
const scope = z.enum(scopeNames as readonly [Scope, ...Scope[]]);

const tokenMembers = {
  id: z.string().meta({ example: 'h3m6p2x7cd' }),
  name: z.string().meta({ description: 'What it is for.', example: 'grafana' }),
  prefix: z.string().meta({ description: 'What may be shown of the token.', example: 'pat_h3m6p2x7cd' }),
  last4: z.string().meta({ description: 'The last four characters of the secret, for recognition.', example: 'k5qz' }),
  scopes: z.array(z.string()).meta({ description: described, example: ['metrics:read'] }),
  created_at: utcTime,
  expires_at: utcTimeOrNull,
  revoked_at: utcTimeOrNull,
  last_used_at: utcTimeOrNull.meta({ description: 'To the minute.' }),
};

export const tokenView = z.object(tokenMembers).meta({ id: 'ApiToken', description: 'A token without its secret.' });
export type TokenView = z.output<typeof tokenView>;

/** The only answer with the token in it. */
export const issuedTokenView = z
  .object({ ...tokenMembers, token: z.string().meta({ example: `pat_h3m6p2x7cd_${'abcdefg234567hij'.repeat(2)}` }) })
  .meta({ id: 'IssuedApiToken', description: 'A token with its text, which is shown in this answer only.' });
export type IssuedTokenView = z.output<typeof issuedTokenView>;

export const createTokenRequest = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{C}\s](?:[^\p{C}]{0,62}[^\p{C}\s])?$/u, '1 to 64 characters, no control characters')
      .meta({ description: 'What it is for: 1 to 64 characters.', example: 'grafana' }),
    scopes: z.array(scope).min(1, 'at least one scope').max(scopeNames.length).meta({ description: described }),
    expires_at: requestTime.nullish(),
  })
  .meta({ id: 'CreateApiToken' });
export type CreateTokenRequest = z.input<typeof createTokenRequest>;

export const tokenPage = pageOf(tokenView).meta({ id: 'ApiTokenPage' });

export const listTokensQuery = pageQuery;
