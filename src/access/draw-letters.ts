import { createHmac } from 'node:crypto';

/** Gives so many letters of a-z and 2-7 that nobody can guess: at random, or, for a request that is repeated, the same again. */
export type DrawLetters = (length: number) => string;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Draws the same letters in the same order for the same secret seed: HMAC-SHA-256 in counter mode, 5 bits a letter. */
export function drawFrom(seed: Uint8Array): DrawLetters {
  let counter = 0;
  let block = new Uint8Array(0);
  return (length) => {
    let text = '';
    while (text.length < length) {
      if (block.length === 0) block = createHmac('sha256', seed).update(String(counter++)).digest();
      text += alphabet[block[0]! & 31];
      block = block.subarray(1);
    }
    return text;
  };
}
