import type { KeyRow } from '../store/ports/key-store.ts';

/** Which channels only holders of a signed link may watch. */
export interface PlaybackPolicy {
  readonly isSignedByDefault: boolean;
  /** Channels that it is the other way round for. */
  readonly exceptions: readonly string[];
}

/**
 * A channel is signed if a valid key of it says so; else public, if one says that; else by default. Where no key is valid any more
 * the others are heard: what was signed does not become public because its key was revoked.
 */
export function playbackPolicy(keys: Iterable<KeyRow>, isSignedByDefault: boolean, nowMs: number): PlaybackPolicy {
  const channels = new Map<string, KeyRow[]>();
  for (const key of keys) channels.set(key.channel, [...(channels.get(key.channel) ?? []), key]);
  const exceptions: string[] = [];
  for (const [channel, all] of channels) {
    const valid = all.filter((key) => isValid(key, nowMs));
    if (isSigned(valid.length > 0 ? valid : all, isSignedByDefault) !== isSignedByDefault) exceptions.push(channel);
  }
  return { isSignedByDefault, exceptions: exceptions.sort() };
}

function isValid({ revokedAtMs, expiresAtMs }: KeyRow, nowMs: number): boolean {
  return revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);
}

function isSigned(keys: readonly KeyRow[], isSignedByDefault: boolean): boolean {
  const said = keys.map(({ policy }) => policy.playback);
  if (said.includes('signed')) return true;
  return said.includes('public') ? false : isSignedByDefault;
}
