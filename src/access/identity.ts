import type { Scope } from '../contract/scopes.ts';

/** Who makes a request to the API. */
export type Identity =
  /** Over the Unix socket, where file permissions are the login; or a command that works on the store itself. */
  | { readonly kind: 'local' }
  | { readonly kind: 'token'; readonly tokenId: string; readonly name: string; readonly scopes: readonly Scope[] }
  /** May announce a broadcast of its channel, and nothing else. */
  | { readonly kind: 'stream-key'; readonly keyId: string; readonly channel: string };

/** Whether it may do what needs `scope`. */
export function isAllowed(identity: Identity, scope: Scope): boolean {
  if (identity.kind === 'local') return true;
  if (identity.kind === 'stream-key') return false;
  return identity.scopes.includes('admin') || identity.scopes.includes(scope);
}

/** Everybody who gets here is local: for the Unix socket, and for a command that works on the store itself. */
export async function identifyLocal(): Promise<Identity> {
  return { kind: 'local' };
}
