import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  maxTokenBytes,
  type PlaybackKey,
  readPlaybackToken,
  signPlaybackToken,
} from '../../src/access/playback-token.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const key = (kid: string): PlaybackKey => ({ kid, secret: Uint8Array.from(randomBytes(32)) });
const [first, second] = [key('first'), key('second')];
const keys = [first, second];
const invalid = { refusal: 'invalid' };
const expired = { refusal: 'expired' };

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Made by hand, as somebody else's library or an attacker would. */
function forged(header: object, payload: object, secret: Uint8Array = first.secret, digest = 'sha256'): string {
  const signed = `${encoded(header)}.${encoded(payload)}`;
  return `${signed}.${createHmac(digest, secret).update(signed).digest('base64url')}`;
}

const payload = { sub: 'show', exp: nowMs / 1000 + 60 };
const read = (token: string, atMs = nowMs) => readPlaybackToken(token, keys, atMs);

test('a token says for whom it is good and how long, with half a minute for clocks that differ', async () => {
  const token = await signPlaybackToken({ subject: 'show', expiresAtMs: nowMs + 60_000 }, first);
  expect(token.length).toBeLessThan(250);
  expect(await read(token)).toEqual({ subject: 'show', untilMs: nowMs + 90_000 });
  expect(await read(token, nowMs + 89_000)).toMatchObject({ subject: 'show' });
  expect(await read(token, nowMs + 91_000)).toEqual(expired);
});

test('a token may begin later', async () => {
  const grant = { subject: 'st_abcdefghijkl2', expiresAtMs: nowMs + 7_200_000, notBeforeMs: nowMs + 3_600_000 };
  const token = await signPlaybackToken(grant, first);
  expect(await read(token)).toEqual(invalid);
  expect(await read(token, nowMs + 3_571_000)).toMatchObject({ subject: 'st_abcdefghijkl2' });
});

test('each key that is known is good by its name, and the first without one', async () => {
  expect(await read(forged({ alg: 'HS256', kid: 'second' }, payload, second.secret))).toMatchObject({
    subject: 'show',
  });
  expect(await read(forged({ alg: 'HS256' }, payload))).toMatchObject({ subject: 'show' });
  expect(await read(forged({ alg: 'HS256', kid: 'second' }, payload, first.secret))).toEqual(invalid);
  expect(await read(forged({ alg: 'HS256', kid: 'third' }, payload))).toEqual(invalid);
  expect(await readPlaybackToken(forged({ alg: 'HS256' }, payload), [], nowMs)).toEqual(invalid);
});

const refused: Readonly<Record<string, string>> = {
  'signed by nobody': `${encoded({ alg: 'none' })}.${encoded(payload)}.`,
  'signed by another key': forged({ alg: 'HS256', kid: 'first' }, payload, randomBytes(32)),
  'of another algorithm of the same key': forged({ alg: 'HS512', kid: 'first' }, payload, first.secret, 'sha512'),
  'with a header that must be understood': forged({ alg: 'HS256', kid: 'first', crit: ['b64'], b64: false }, payload),
  'without an end': forged({ alg: 'HS256', kid: 'first' }, { sub: 'show' }),
  'with an end that is no number': forged({ alg: 'HS256', kid: 'first' }, { sub: 'show', exp: '9999999999' }),
  'about nothing': forged({ alg: 'HS256', kid: 'first' }, { exp: payload.exp }),
  'about what is no name': forged({ alg: 'HS256', kid: 'first' }, { ...payload, sub: '../show' }),
  'about a list': forged({ alg: 'HS256', kid: 'first' }, { ...payload, sub: ['show'] }),
  'too long': forged({ alg: 'HS256', kid: 'first' }, { ...payload, more: 'x'.repeat(maxTokenBytes) }),
  'of four parts': `${forged({ alg: 'HS256', kid: 'first' }, payload)}.x`,
  'no token': 'show',
  'nothing at all': '',
};
for (const [name, token] of Object.entries(refused)) {
  test(`a token ${name} is refused`, async () => expect(await read(token)).toEqual(invalid));
}

test('a token that is expired and not ours is not called expired', async () => {
  const old = { sub: 'show', exp: nowMs / 1000 - 3600 };
  expect(await read(forged({ alg: 'HS256', kid: 'first' }, old))).toEqual(expired);
  expect(await read(forged({ alg: 'HS256', kid: 'first' }, old, randomBytes(32)))).toEqual(invalid);
});

test('no changed character goes through', async () => {
  const token = await signPlaybackToken({ subject: 'show', expiresAtMs: nowMs + 60_000 }, first);
  for (let at = 0; at < token.length - 1; at += 3) {
    const other = token[at] === 'A' ? 'B' : 'A';
    expect(await read(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toEqual(invalid);
  }
});
