import type { JsonValue } from '../store/ports/json-value.ts';
import type { Identity } from './identity.ts';

/** Who did it, as events tell it: a token's name stays readable when the token is gone. */
export type Actor =
  | { readonly kind: 'local' }
  | { readonly kind: 'token'; readonly id: string; readonly name: string }
  | { readonly kind: 'stream-key'; readonly id: string };

export const localActor: Actor = { kind: 'local' };

export function actorOf(identity: Identity): Actor {
  switch (identity.kind) {
    case 'local':
      return localActor;
    case 'token':
      return { kind: 'token', id: identity.tokenId, name: identity.name };
    case 'stream-key':
      return { kind: 'stream-key', id: identity.keyId };
  }
}

/** The member of an event's payload that says who did it. */
export function actedBy(actor: Actor): { readonly actor: JsonValue } {
  return { actor: { ...actor } };
}
