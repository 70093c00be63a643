import type { IssuedTokenView, TokenView } from '../contract/tokens.ts';
import { bold, localTime, renderTable } from './table.ts';

/** A token that was just made. */
export function issuedTokenText({ name, token, scopes, expires_at: expiresAt }: IssuedTokenView): string {
  const until = expiresAt === null ? 'for ever' : `until ${localTime(expiresAt)}`;
  return [
    `Created the API token ${bold(name)}, good for ${scopes.join(', ')} ${until}. It is shown only this once.`,
    '',
    `  ${token}`,
    '',
    'Use it: Authorization: Bearer TOKEN, or keep it in a file for streamctl --server URL --token-file FILE',
  ].join('\n');
}

export function tokenTableText(tokens: readonly TokenView[], nowMs: number): string {
  if (tokens.length === 0) return 'There are no API tokens. Create one: streamctl tokens create NAME --scope SCOPE';
  return renderTable(
    ['TOKEN', 'NAME', 'SCOPES', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED'],
    tokens.map((token) => [
      `${token.prefix}_…${token.last4}`,
      token.name,
      token.scopes.join(', '),
      stateOf(token, nowMs),
      localTime(token.created_at),
      localTime(token.expires_at),
      localTime(token.last_used_at),
    ]),
  );
}

function stateOf({ revoked_at: revokedAt, expires_at: expiresAt }: TokenView, nowMs: number): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'valid';
}
