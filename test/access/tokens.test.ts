import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { provideAdminToken } from '../../src/access/admin-token.ts';
import { ApiTokens } from '../../src/access/api-tokens.ts';
import { identifyBearer } from '../../src/access/identify.ts';
import { KeyRing } from '../../src/access/key-ring.ts';
import { formatTokenText, newKeyText, parseTokenText } from '../../src/access/key-text.ts';
import { openTokens } from '../../src/access/open-tokens.ts';
import { loadPepper, pepperFor } from '../../src/access/pepper.ts';
import { StreamKeys } from '../../src/access/stream-keys.ts';
import { TokenRing } from '../../src/access/token-ring.ts';
import { openStore } from '../../src/store/open.ts';
import { tempDir } from '../support/temp-dir.ts';

const minuteMs = 60_000;

async function setUp() {
  const dataDir = tempDir();
  const store = await openStore({ url: `sqlite:${join(dataDir, 'streamctl.db')}` });
  onTestFinished(() => store.close());
  const pepper = loadPepper({ dataDir, mayCreate: true });
  const time = { nowMs: 1_700_000_000_000 };
  const clock = { wallMs: () => time.nowMs, monotonicMs: () => time.nowMs, after: () => () => {} };
  const used: string[] = [];
  const ring = new TokenRing({ store: store.tokens, pepper, onUsed: (id) => void used.push(id) });
  const tokens = new ApiTokens({ store: store.tokens, pepper, clock, onChange: (token) => ring.replace(token) });
  const keyRing = new KeyRing(store.keys, pepper);
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => keyRing.replace(key) });
  const identify = (authorization: string | null) =>
    identifyBearer(authorization, { tokens: ring, keys: keyRing, clock });
  const refusal = (authorization: string) => {
    try {
      return identify(authorization);
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };
  return { dataDir, store, pepper, time, clock, used, ring, tokens, keys, identify, refusal };
}

const bearer = (text: string) => `Bearer ${text}`;

describe('whoever asks', () => {
  test('with a token has its name and scopes, with a stream key its channel, with nothing no identity', async () => {
    const { tokens, keys, identify } = await setUp();
    const { token, text } = await tokens.create({ name: 'grafana', scopes: ['metrics:read', 'metrics:read'] });
    const identity = { kind: 'token', tokenId: token.id, name: 'grafana', scopes: ['metrics:read'] };
    expect(identify(bearer(text))).toEqual(identity);
    expect(identify(`bearer  ${text} `)).toEqual(identity);
    const issued = await keys.create({ channel: 'morning-show' });
    expect(identify(bearer(issued.text))).toEqual({
      kind: 'stream-key',
      keyId: issued.key.id,
      channel: 'morning-show',
    });
    expect(identify(null)).toBeUndefined();
  });

  test('with anything else is refused, and told why only when it holds the secret', async () => {
    const { tokens, time, refusal } = await setUp();
    const { token, text } = await tokens.create({
      name: 'a',
      scopes: ['admin'],
      expiresAtMs: time.nowMs + minuteMs,
    });
    const wrong = [
      'Basic YTpi',
      'Bearer',
      text,
      bearer('x'),
      bearer(text.slice(0, -1)),
      bearer(`${text}a`),
      bearer(text.toUpperCase()),
      bearer(formatTokenText({ id: token.id, secret: newKeyText().secret })),
      bearer(formatTokenText(newKeyText())),
      bearer(`${text}, ${text}`),
    ];
    for (const authorization of wrong) expect(refusal(authorization)).toBe('ACCESS_TOKEN_UNKNOWN');
    time.nowMs += minuteMs;
    expect(refusal(bearer(text))).toBe('ACCESS_TOKEN_EXPIRED');
    await tokens.revoke(token.id);
    expect(refusal(bearer(text))).toBe('ACCESS_TOKEN_REVOKED');
    expect(refusal(bearer(formatTokenText({ id: token.id, secret: newKeyText().secret })))).toBe(
      'ACCESS_TOKEN_UNKNOWN',
    );
  });

  test('with one of a thousand guesses makes the same work, whatever is right about it', async () => {
    const { tokens, ring, pepper, time } = await setUp();
    const { token, text } = await tokens.create({ name: 'a', scopes: ['admin'] });
    const revoked = await tokens.create({ name: 'b', scopes: ['admin'] });
    await tokens.revoke(revoked.token.id);
    const matches = vi.spyOn(pepper, 'matches');
    const kinds = [
      () => formatTokenText(newKeyText()),
      () => formatTokenText({ id: token.id, secret: newKeyText().secret }),
      () => formatTokenText({ id: revoked.token.id, secret: newKeyText().secret }),
      () => 'pat_',
      () => text,
    ];
    for (let i = 0; i < 1000; i++) ring.check(kinds[i % kinds.length]!(), time.nowMs);
    expect(matches).toHaveBeenCalledTimes(1000);
    for (const [, hash] of matches.mock.calls) expect(hash).toHaveLength(64);
  });
});

describe('tokens', () => {
  test('are in the store as a hash under the pepper only', async () => {
    const { dataDir, tokens } = await setUp();
    const { token, text } = await tokens.create({ name: 'a', scopes: ['admin'] });
    const { secret } = parseTokenText(text)!;
    const pepper = Buffer.from(readFileSync(join(dataDir, 'pepper'), 'utf8').trim(), 'hex');
    expect(token.secretHash).toBe(createHmac('sha256', pepper).update(secret).digest('hex'));
    expect(token.last4).toBe(secret.slice(-4));
    for (const name of readdirSync(dataDir)) {
      expect(readFileSync(join(dataDir, name)).includes(secret)).toBe(false);
    }
  });

  test('each change is one event that says who did it', async () => {
    const { store, tokens } = await setUp();
    const { token } = await tokens.create({ name: 'first', scopes: ['admin'] });
    const byFirst = tokens.by({ kind: 'token', id: token.id, name: 'first' });
    const { token: second } = await byFirst.create({ name: 'second', scopes: ['keys:read'] });
    await byFirst.revoke('second');
    await byFirst.revoke('second');
    const events = await store.events.list({ limit: 10 });
    expect(events.map(({ type, payload }) => ({ type, ...payload }))).toEqual([
      { type: 'token.created', token_id: token.id, name: 'first', scopes: ['admin'], actor: { kind: 'local' } },
      {
        type: 'token.created',
        token_id: second.id,
        name: 'second',
        scopes: ['keys:read'],
        actor: { kind: 'token', id: token.id, name: 'first' },
      },
      {
        type: 'token.revoked',
        token_id: second.id,
        name: 'second',
        actor: { kind: 'token', id: token.id, name: 'first' },
      },
    ]);
  });

  test('are found by id, prefix, whole text or a name that only one has; what is not found is not repeated whole', async () => {
    const { tokens } = await setUp();
    const { token, text } = await tokens.create({ name: 'stage app', scopes: ['streams:read'] });
    for (const name of [token.id, `pat_${token.id}`, text, 'stage app']) {
      expect((await tokens.find(name)).id).toBe(token.id);
    }
    await tokens.create({ name: 'stage app', scopes: ['streams:read'] });
    await expect(tokens.find('stage app')).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    const unknown = formatTokenText(newKeyText());
    const error = await tokens.find(unknown).catch((reason: Error) => reason);
    expect(String(error)).not.toContain(unknown.slice(15));
  });

  test('their use is told at most once a minute each', async () => {
    const { store, tokens, ring, identify, time, used } = await setUp();
    const { token, text } = await tokens.create({ name: 'a', scopes: ['admin'] });
    for (let i = 0; i < 100; i++) identify(bearer(text));
    expect(used).toEqual([token.id]);
    time.nowMs += minuteMs - 1;
    // What the store does not know yet is not forgotten when it is read again.
    await ring.refresh();
    identify(bearer(text));
    expect(used).toHaveLength(1);
    time.nowMs += 1;
    identify(bearer(text));
    expect(used).toHaveLength(2);
    expect((await store.tokens.find(token.id))?.lastUsedAtMs).toBeNull();
  });

  test('that were made or revoked behind our back count after the next look', async () => {
    const { store, pepper, clock, ring, refusal } = await setUp();
    const elsewhere = new ApiTokens({ store: store.tokens, pepper, clock });
    const { token, text } = await elsewhere.create({ name: 'a', scopes: ['admin'] });
    expect(refusal(bearer(text))).toBe('ACCESS_TOKEN_UNKNOWN');
    await ring.refresh();
    expect(refusal(bearer(text))).toMatchObject({ kind: 'token' });
    await elsewhere.revoke(token.id);
    await ring.refresh();
    expect(refusal(bearer(text))).toBe('ACCESS_TOKEN_REVOKED');
  });
});

describe("the administrator's token", () => {
  const server = async (made: Awaited<ReturnType<typeof setUp>>) => {
    const lines: string[] = [];
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const writes: Promise<unknown>[] = [];
    const journal = { write: (operation: () => Promise<unknown>) => void writes.push(operation()) };
    const { dataDir, store, pepper, clock } = made;
    const opened = await openTokens({ dataDir, store: store.tokens, pepper, clock, journal, log });
    return { ...opened, log: () => lines.join(''), written: () => Promise.all(writes) };
  };

  test('is written at the first start, for its owner alone, and is good; the log says where, never what', async () => {
    const made = await setUp();
    const { ring, log, written } = await server(made);
    const path = join(made.dataDir, 'admin.token');
    const text = readFileSync(path, 'utf8').trim();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(ring.check(text, made.time.nowMs)).toMatchObject({ token: { name: 'administrator', scopes: ['admin'] } });
    expect(log()).toContain(path);
    expect(log()).not.toContain(text.slice(15));
    expect(readdirSync(made.dataDir).filter((name) => name.startsWith('admin.token'))).toEqual(['admin.token']);
    await written();
    expect((await made.store.tokens.list())[0]?.lastUsedAtMs).toBe(made.time.nowMs);
  });

  test('is not made again, not even when all tokens are revoked', async () => {
    const made = await setUp();
    const { tokens } = await server(made);
    const before = readFileSync(join(made.dataDir, 'admin.token'), 'utf8');
    await tokens.revoke('administrator');
    const { ring } = await server(made);
    expect(readFileSync(join(made.dataDir, 'admin.token'), 'utf8')).toBe(before);
    expect(ring.check(before.trim(), made.time.nowMs)).toMatchObject({ error: { code: 'ACCESS_TOKEN_REVOKED' } });
  });

  test('that cannot be kept anywhere is none', async () => {
    const { dataDir, tokens } = await setUp();
    const nowhere = join(dataDir, 'gone');
    await expect(provideAdminToken(tokens, nowhere)).rejects.toMatchObject({ code: 'ACCESS_ADMIN_TOKEN_UNWRITABLE' });
    expect(await tokens.list()).toEqual([]);
  });
});

test('the pepper is not made anew while a token needs the old one', async () => {
  const { store, tokens } = await setUp();
  expect(await pepperFor(tempDir(), store)).toBeDefined();
  await tokens.create({ name: 'a', scopes: ['admin'] });
  await expect(pepperFor(tempDir(), store)).rejects.toMatchObject({ code: 'ACCESS_PEPPER_UNREADABLE' });
});
