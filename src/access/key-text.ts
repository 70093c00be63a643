import { randomBase32 } from '../contract/names.ts';
import type { DrawLetters } from './draw-letters.ts';

/**
 * A secret as people copy it: `<kind>_<10-char id>_<32-char secret>`, a-z and 2-7; the secret has 160 bits. `sk` is a stream key,
 * `pat` a token of the API.
 */
export interface SecretText {
  readonly id: string;
  readonly secret: string;
}

const patterns = {
  sk: /^sk_([a-z2-7]{10})_([a-z2-7]{32})$/,
  pat: /^pat_([a-z2-7]{10})_([a-z2-7]{32})$/,
};

export function newKeyText(draw: DrawLetters = randomBase32): SecretText {
  return { id: draw(10), secret: draw(32) };
}

export function newSecretFor(id: string, draw: DrawLetters = randomBase32): SecretText {
  return { id, secret: draw(32) };
}

/** Undefined for anything that is not of the form. */
export function parseKeyText(text: string): SecretText | undefined {
  return parse(patterns.sk, text);
}

export function formatKeyText({ id, secret }: SecretText): string {
  return `sk_${id}_${secret}`;
}

/** Undefined for anything that is not of the form. */
export function parseTokenText(text: string): SecretText | undefined {
  return parse(patterns.pat, text);
}

export function formatTokenText({ id, secret }: SecretText): string {
  return `pat_${id}_${secret}`;
}

function parse(pattern: RegExp, text: string): SecretText | undefined {
  const [, id, secret] = pattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
