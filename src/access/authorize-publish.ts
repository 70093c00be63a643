import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { isChannelName } from '../contract/names.ts';
import type { PublishGrant } from '../stream/publication.ts';
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
  /** How long a refusal is held back, so that guessing is slow. Default one second. */
  readonly refusalDelayMs?: number;
  /** Hears which key was used; what it does must not throw. */
  readonly onKeyUsed?: (keyId: string, atMs: number) => void;
}

/** A flood of refusals must not pile up waiting: beyond this many the answer is immediate. */
const maxHeldRefusals = 1000;

/**
 * Makes the function that decides whether somebody may publish. Errors never contain the key.
 * A right key is never held up, whoever else guesses from the same address: 160 bits are not guessed.
 */
export function publishAuthorizer(
  options: PublishAuthorizerOptions,
): (attempt: PublishAttempt, signal: AbortSignal) => Promise<PublishVerdict> {
  const { refusalDelayMs = 1000 } = options;
  let heldRefusals = 0;
  return async (attempt, signal) => {
    const verdict = decide(attempt, options);
    if (verdict.allowed || refusalDelayMs === 0 || heldRefusals >= maxHeldRefusals) return verdict;
    heldRefusals++;
    try {
      await delay(refusalDelayMs, undefined, { signal });
    } catch {
      // The publisher left; the answer reaches nobody.
    } finally {
      heldRefusals--;
    }
    return verdict;
  };
}

function decide(attempt: PublishAttempt, { keys, clock, isOpen, onKeyUsed }: PublishAuthorizerOptions): PublishVerdict {
  // `live/anything` is an instance of the application `live`: what an encoder sends whose URL ends with the key twice.
  if (!/^live(?:[/?]|$)/.test(attempt.app)) return { allowed: false, error: unknownApp(attempt.app) };
  const [name = ''] = attempt.streamName.split('?');
  if (isOpen && isChannelName(name)) return { allowed: true, grant: { channel: name } };
  const nowMs = clock.wallMs();
  const verdict = keys.check(name, nowMs);
  if ('error' in verdict) return { allowed: false, error: verdict.error };
  onKeyUsed?.(verdict.key.id, nowMs);
  return { allowed: true, grant: { channel: verdict.key.channel, keyId: verdict.key.id } };
}

/** Some put the key into the application's field: it is not repeated. */
function unknownApp(app: string): StreamctlError {
  const [first = ''] = app.split(/[/?]/);
  return new StreamctlError('ACCESS_APP_UNKNOWN', { app: first.replace(/sk_.*/s, '…').slice(0, 32) });
}
