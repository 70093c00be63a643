import { expect, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
import { redactSecrets } from '../../src/base/redact.ts';
import { problem } from '../../src/delivery/problem.ts';

const key = `sk_abcdefghij_${'k'.repeat(32)}`;

test('keys, API tokens and JWTs are taken out, and words like them are not', () => {
  expect(redactSecrets(`rtmp://h/live/${key}?x`)).toBe('rtmp://h/live/sk_abcdefghij_[redacted]?x');
  expect(redactSecrets('pat_abcdefghij_abcdefghijklmnop')).toBe('pat_abcdefghij_[redacted]');
  expect(redactSecrets('/t/eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2Q/hls')).toBe('/t/[redacted]/hls');
  expect(redactSecrets('st_abcdefghijklm sk_abcdefghij task_force')).toBe('st_abcdefghijklm sk_abcdefghij task_force');
});

test('a key is one also in capital letters, percent-encoded, or without a word boundary before it', () => {
  for (const text of [
    key.toUpperCase(),
    key.replaceAll('_', '%5F'),
    key.replaceAll('_', '%5f'),
    `q%3D${key}`,
    `x${key}`,
  ]) {
    expect(redactSecrets(text).toLowerCase()).not.toContain('kkk');
  }
});

test('no error repeats a key, wherever somebody has put it', () => {
  expect(new StreamctlError('STREAM_UNKNOWN', { stream: key }).message).not.toContain('kkk');
  expect(new StreamctlError('API_INPUT_INVALID', { mistakes: [`Unrecognized key: "${key}"`] }).message).not.toContain(
    'kkk',
  );
  const reply = problem('API_NOT_FOUND', { path: `/hls/${key}` }).replyTo({ method: 'GET' } as never);
  expect(JSON.stringify(reply)).not.toContain('kkk');
  expect(Buffer.concat((reply as { body: readonly Uint8Array[] }).body).toString()).toContain(
    'sk_abcdefghij_[redacted]',
  );
});
