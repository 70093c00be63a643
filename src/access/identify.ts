import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { isScope } from '../contract/scopes.ts';
import type { Identity } from './identity.ts';
import type { KeyRing } from './key-ring.ts';
import type { TokenRing } from './token-ring.ts';

export interface CredentialsOptions {
  readonly tokens: TokenRing;
  readonly keys: KeyRing;
  readonly clock: Clock;
}

/**
 * Who the Authorization header says that asks (RFC 6750 §2.1; never the query): the holder of a token of the API or of a stream
 * key. Undefined without such a header. Throws why a credential is not good.
 */
export function identifyBearer(
  authorization: string | null,
  { tokens, keys, clock }: CredentialsOptions,
): Identity | undefined {
  if (authorization === null) return undefined;
  const [, credential] = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization) ?? [];
  if (credential === undefined) throw new StreamctlError('ACCESS_TOKEN_UNKNOWN', {});
  const nowMs = clock.wallMs();
  if (credential.startsWith('sk_')) {
    const verdict = keys.check(credential, nowMs);
    if ('error' in verdict) throw verdict.error;
    return { kind: 'stream-key', keyId: verdict.key.id, channel: verdict.key.channel };
  }
  const verdict = tokens.check(credential, nowMs);
  if ('error' in verdict) throw verdict.error;
  const { id: tokenId, name, scopes } = verdict.token;
  return { kind: 'token', tokenId, name, scopes: scopes.filter(isScope) };
}
