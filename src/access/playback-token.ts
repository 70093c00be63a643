import { JWTExpired } from 'jose/errors';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { isChannelName, streamIdPattern } from '../contract/names.ts';

/** A secret that tokens are signed with, and its name in their header. */
export interface PlaybackKey {
  readonly kid: string;
  /** 256 bits at least. */
  readonly secret: Uint8Array;
}

/** What a token entitles to: one channel, or one stream, for some time. */
export interface TokenGrant {
  readonly subject: string;
  /** From then on it is refused, wall clock. */
  readonly untilMs: number;
}

export type TokenReading = TokenGrant | { readonly refusal: 'invalid' | 'expired' };

/** Longest token that is looked at; our own have about 200 bytes. */
export const maxTokenBytes = 2048;
/** How far the clock of who made a token may be from ours. */
const toleranceSeconds = 30;
/** One, so that no header can choose another. */
const algorithm = 'HS256';

const invalid: TokenReading = { refusal: 'invalid' };
const expired: TokenReading = { refusal: 'expired' };

/** Whether a token can be about it: a channel's name or a stream's id. */
export function isTokenSubject(text: string): boolean {
  return isChannelName(text) || streamIdPattern.test(text);
}

/** A JWT (RFC 7519) that lets whoever has it watch `subject`, in whole seconds. */
export async function signPlaybackToken(
  grant: { readonly subject: string; readonly expiresAtMs: number; readonly notBeforeMs?: number | undefined },
  { kid, secret }: PlaybackKey,
): Promise<string> {
  const token = new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid })
    .setSubject(grant.subject)
    .setExpirationTime(Math.floor(grant.expiresAtMs / 1000));
  if (grant.notBeforeMs !== undefined) token.setNotBefore(Math.floor(grant.notBeforeMs / 1000));
  return await token.sign(secret);
}

/**
 * What a token entitles to. `keys` are those that are good now; a token without a `kid` is of the first. Never rejects: whatever
 * is wrong with a token, it is invalid, and it is expired only if all else is right.
 */
export async function readPlaybackToken(
  token: string,
  keys: readonly PlaybackKey[],
  nowMs: number,
): Promise<TokenReading> {
  if (token.length > maxTokenBytes) return invalid;
  try {
    const { payload } = await jwtVerify(token, ({ kid }) => secretOf(keys, kid), {
      algorithms: [algorithm],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    });
    const { sub, exp = 0 } = payload;
    if (typeof sub !== 'string' || !isTokenSubject(sub)) return invalid;
    return { subject: sub, untilMs: (exp + toleranceSeconds) * 1000 };
  } catch (error) {
    return error instanceof JWTExpired ? expired : invalid;
  }
}

function secretOf(keys: readonly PlaybackKey[], kid: string | undefined): Uint8Array {
  const key = kid === undefined ? keys[0] : keys.find((known) => known.kid === kid);
  if (key === undefined) throw new Error('no key of that name');
  return key.secret;
}
