import { expect, test } from 'vitest';
import { PlaybackGate } from '../../src/access/playback-gate.ts';
import { playbackPolicy } from '../../src/access/playback-policy.ts';
import { type PlaybackKey, signPlaybackToken } from '../../src/access/playback-token.ts';
import type { KeyPolicy, KeyRow } from '../../src/store/ports/key-store.ts';
import { ManualClock } from '../support/manual-clock.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);

function keyRow(channel: string, playback: KeyPolicy['playback'], change: Partial<KeyRow> = {}): KeyRow {
  return {
    id: 'a',
    channel,
    secretHash: '',
    last4: '',
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    previousHash: null,
    previousValidUntilMs: null,
    policy: playback === undefined ? {} : { playback },
    ...change,
  };
}

const policies: readonly (readonly [name: string, keys: readonly KeyRow[], isSigned: boolean, byDefault: boolean])[] = [
  ['no key says anything', [keyRow('show', undefined)], false, false],
  ['no key says anything, and the node is signed', [keyRow('show', undefined)], true, true],
  ['a key says signed', [keyRow('show', 'signed')], true, false],
  ['one of several says signed', [keyRow('show', 'public'), keyRow('show', 'signed')], true, false],
  ['a key says public on a signed node', [keyRow('show', 'public')], false, true],
  ['the key that said signed was revoked', [keyRow('show', 'signed', { revokedAtMs: 1 })], true, false],
  ['the key that said signed has expired', [keyRow('show', 'signed', { expiresAtMs: nowMs })], true, false],
  [
    'another key is valid in place of a revoked one',
    [keyRow('show', 'signed', { revokedAtMs: 1 }), keyRow('show', undefined)],
    false,
    false,
  ],
];
for (const [name, keys, isSigned, byDefault] of policies) {
  test(`a channel is ${isSigned ? 'signed' : 'public'} where ${name}`, () => {
    const gate = new PlaybackGate(new ManualClock(nowMs));
    gate.update({ policy: playbackPolicy(keys, byDefault, nowMs), keys: [], edgeSecret: '' });
    expect(gate.isSigned('show')).toBe(isSigned);
    expect(gate.isSigned('other')).toBe(byDefault);
  });
}

const key: PlaybackKey = { kid: 'k', secret: new Uint8Array(32).fill(7) };
const edgeSecret = 'an edge that is believed, 32 characters';
const show = { streamId: 'st_aaaaaaaaaaaaa', channel: 'show' };
const other = { streamId: 'st_bbbbbbbbbbbbb', channel: 'other' };

function signedGate(keys: readonly PlaybackKey[] = [key]) {
  const clock = new ManualClock(nowMs);
  const gate = new PlaybackGate(clock);
  const policy = { isSignedByDefault: true, exceptions: ['open'] };
  const update = (now: readonly PlaybackKey[]) => gate.update({ policy, keys: now, edgeSecret });
  update(keys);
  const token = (subject: string) => signPlaybackToken({ subject, expiresAtMs: nowMs + 60_000 }, key);
  return { clock, gate, token, update };
}

test('a link to a channel is good for its stream, and one to a stream for that one only', async () => {
  const { gate, token } = signedGate();
  const ofChannel = await token('show');
  const ofStream = await token(show.streamId);
  for (const id of ['show', show.streamId]) {
    expect(await gate.isPlaybackAllowed(id, show, undefined)).toBe(false);
    expect(await gate.isPlaybackAllowed(id, show, ofChannel)).toBe(true);
    expect(await gate.isPlaybackAllowed(id, show, ofStream)).toBe(true);
  }
  expect(await gate.isPlaybackAllowed('show', undefined, ofChannel)).toBe(true);
  expect(await gate.isPlaybackAllowed('show', { ...show, streamId: 'st_ccccccccccccc' }, ofStream)).toBe(false);
  expect(await gate.isPlaybackAllowed(other.streamId, other, ofChannel)).toBe(false);
  expect(await gate.isPlaybackAllowed('open', undefined, undefined)).toBe(true);
});

test('a token is verified once, whoever asks at the same time, and then known until it expires', async () => {
  const { clock, gate, token } = signedGate();
  const text = await token('show');
  const [first, second] = [gate.passOf(text, undefined), gate.passOf(text, undefined)];
  expect(first).toBeInstanceOf(Promise);
  expect(second).toBe(first);
  const pass = await first;
  expect(gate.passOf(text, undefined)).toBe(pass);
  expect(gate.refusalOf('show', show, pass)).toBeUndefined();
  clock.advance(89_000);
  expect(gate.refusalOf('show', show, pass)).toBeUndefined();
  clock.advance(1000);
  expect(gate.refusalOf('show', show, pass)).toBe('expired');
  expect(gate.passOf(text, undefined)).toBe(pass);
});

test('a token whose key is taken out of use is not remembered', async () => {
  const { gate, token, update } = signedGate();
  const text = await token('show');
  await gate.passOf(text, undefined);
  const next: PlaybackKey = { kid: 'next', secret: new Uint8Array(32).fill(8) };
  update([next, key]);
  expect(await gate.isPlaybackAllowed('show', show, text)).toBe(true);
  const underWay = gate.isPlaybackAllowed('show', show, await token(show.streamId));
  update([next]);
  await underWay;
  expect(await gate.isPlaybackAllowed('show', show, text)).toBe(false);
  expect(await gate.isPlaybackAllowed('show', show, await token(show.streamId))).toBe(false);
});

test('bad tokens take no memory, and good ones a bounded one', async () => {
  const { gate, token } = signedGate();
  const text = await token('show');
  await gate.passOf(text, undefined);
  for (let i = 0; i < 1000; i++) await gate.passOf(`${text}${i}`, undefined);
  expect(gate.passOf(text, undefined)).not.toBeInstanceOf(Promise);
  expect(gate.remembered).toBe(1);
});

test('an edge that shows its secret is believed what it says of its viewer, and nobody else is', () => {
  const { gate } = signedGate();
  expect(gate.passOf('-', edgeSecret)).toBe('edge');
  expect(gate.refusalOf('show', show, 'edge')).toBeUndefined();
  expect(gate.passOf('show', edgeSecret)).toMatchObject({ subject: 'show' });
  expect(gate.passOf(undefined, edgeSecret)).toBe('nothing');
  expect(gate.passOf('-', `${edgeSecret}x`)).toBeInstanceOf(Promise);
  expect(gate.passOf('show', undefined)).toBeInstanceOf(Promise);
  const open = new PlaybackGate(new ManualClock(nowMs));
  expect(open.passOf('-', '')).toBeInstanceOf(Promise);
});
