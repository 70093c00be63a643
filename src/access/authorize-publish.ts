import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { isChannelName } from '../contract/names.ts';
import type { KeyPolicy } from '../store/ports/key-store.ts';
import type { PublishGrant, PublishPolicy } from '../stream/publication.ts';
import type { KeyRing } from './key-ring.ts';

export interface PublishAttempt {
  readonly app: string;
  /** The stream key, or a channel name where publishing is open. What follows a question mark is ignored. */
  readonly streamName: string;
}

export type PublishVerdict =
  | { readonly allowed: true; readonly grant: PublishGrant }
  | { readonly allowed: false; readonly error: StreamctlError };

export interface PublishAuthorizerOptions {
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** `auth.open_publish`. */
  readonly isOpen: boolean;
  /** Hears which key was used; what it does must not throw. */
  readonly onKeyUsed?: (keyId: string, atMs: number) => void;
}

/** Decides whether somebody may publish. Errors never contain the key. Slowing down who guesses is left to ingest. */
export function authorizePublish(
  attempt: PublishAttempt,
  { keys, clock, isOpen, onKeyUsed }: PublishAuthorizerOptions,
): PublishVerdict {
  // `live/anything` is an instance of the application `live`: what an encoder sends whose URL ends with the key twice.
  if (!/^live(?:[/?]|$)/.test(attempt.app)) return { allowed: false, error: unknownApp(attempt.app) };
  const [name = ''] = attempt.streamName.split('?');
  if (isOpen && isChannelName(name)) return { allowed: true, grant: { channel: name } };
  const nowMs = clock.wallMs();
  const verdict = keys.check(name, nowMs);
  if ('error' in verdict) return { allowed: false, error: verdict.error };
  onKeyUsed?.(verdict.key.id, nowMs);
  const { id: keyId, channel, policy } = verdict.key;
  return { allowed: true, grant: { channel, keyId, ...publishPolicyOf(policy) } };
}

/** What of a key's policy is for whoever publishes. */
export function publishPolicyOf({ ladder, maxBitrateBps, maxHeightPixels, codecs }: KeyPolicy): PublishPolicy {
  return {
    ...(ladder !== undefined && { rungs: ladder }),
    ...(maxBitrateBps !== undefined && { maxBitrateBps }),
    ...(maxHeightPixels !== undefined && { maxHeightPixels }),
    ...(codecs !== undefined && { codecs }),
  };
}

/** Some put the key into the application's field: it is not repeated. */
function unknownApp(app: string): StreamctlError {
  const [first = ''] = app.split(/[/?]/);
  return new StreamctlError('ACCESS_APP_UNKNOWN', { app: first.replace(/sk_.*/s, '…').slice(0, 32) });
}
