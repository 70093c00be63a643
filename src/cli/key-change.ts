import { StreamctlError } from '../base/errors.ts';
import type { UpdateKeyRequest } from '../contract/keys.ts';
import { expiryFromNow } from './duration-flag.ts';
import { type policyFlags, readPolicy } from './policy-flags.ts';

export type KeyChangeFlags = { readonly [Name in keyof typeof policyFlags | 'expires-in']?: string | undefined };

/** The change that the flags ask for. Throws CLI_NOTHING_TO_CHANGE and CLI_FLAG_INVALID. */
export function readKeyChange(flags: KeyChangeFlags): UpdateKeyRequest {
  const expiresIn = flags['expires-in'];
  const policy = readPolicy(flags);
  if (expiresIn === undefined && policy === undefined) throw new StreamctlError('CLI_NOTHING_TO_CHANGE', {});
  return {
    ...(expiresIn !== undefined && { expires_at: expiresIn === 'never' ? null : expiryFromNow(expiresIn) }),
    ...(policy !== undefined && { policy }),
  };
}
