import { randomBytes } from 'node:crypto';

/** A channel name: 1 to 63 of a-z, 0-9 and "-", not beginning with "-". Safe in URLs, paths and host names. */
const channelNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function isChannelName(text: string): boolean {
  return channelNamePattern.test(text);
}

/** A stream id: "st_" and 13 of a-z, 2-7. The underscore keeps it apart from every channel name. */
export const streamIdPattern = /^st_[a-z2-7]{13}$/;

/** A stream id of 65 bits that `draw` gives: at random, never used before in any store. */
export function newStreamId(draw: (length: number) => string = randomBase32): string {
  return `st_${draw(13)}`;
}

const base32Alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Random letters of base32 (a-z, 2-7), 5 bits each. */
export function randomBase32(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += base32Alphabet[byte & 31];
  return text;
}
