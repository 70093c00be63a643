import { randomBase32 } from '../contract/names.ts';

/** A stream key as people copy it: `sk_<10-char id>_<32-char secret>`, a-z and 2-7; the secret has 160 bits. */
export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

const keyPattern = /^sk_([a-z2-7]{10})_([a-z2-7]{32})$/;

export function newKeyText(): KeyText {
  return { id: randomBase32(10), secret: randomBase32(32) };
}

export function newSecretFor(id: string): KeyText {
  return { id, secret: randomBase32(32) };
}

/** Undefined for anything that is not of the form. */
export function parseKeyText(text: string): KeyText | undefined {
  const [, id, secret] = keyPattern.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function formatKeyText({ id, secret }: KeyText): string {
  return `sk_${id}_${secret}`;
}
