import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { authorizePublish } from '../../src/access/authorize-publish.ts';
import { KeyRing } from '../../src/access/key-ring.ts';
import { formatKeyText, newKeyText, parseKeyText } from '../../src/access/key-text.ts';
import { loadPepper } from '../../src/access/pepper.ts';
import { StreamKeys } from '../../src/access/stream-keys.ts';
import { isChannelName, newStreamId, streamIdPattern } from '../../src/contract/names.ts';
import { openStore } from '../../src/store/open.ts';
import { tempDir } from '../support/temp-dir.ts';

const dayMs = 86_400_000;

async function setUp({ isOpen = false } = {}) {
  const dataDir = tempDir();
  const store = await openStore({ url: `sqlite:${join(dataDir, 'streamctl.db')}` });
  onTestFinished(() => store.close());
  const pepper = loadPepper({ dataDir, mayCreate: true });
  const time = { nowMs: 1_700_000_000_000 };
  const clock = { wallMs: () => time.nowMs, monotonicMs: () => time.nowMs, after: () => () => {} };
  const ring = new KeyRing(store.keys, pepper);
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => ring.replace(key) });
  const used: string[] = [];
  const access = { keys: ring, clock, isOpen, onKeyUsed: (id: string) => used.push(id) };
  const publish = (streamName: string, app = 'live') => authorizePublish({ app, streamName }, access);
  return { dataDir, store, pepper, clock, ring, keys, time, used, publish };
}

const refused = (code: string) => ({ allowed: false, error: { code } });

describe('publishing', () => {
  test('with a key that other nodes may have revoked is refused when the store has not answered for five minutes', async () => {
    const { store, keys, pepper, time, clock } = await setUp();
    const ring = new KeyRing(store.keys, pepper, { clock, maxAgeMs: 300_000 });
    const { key, text } = await keys.create({ channel: 'morning-show' });
    await ring.refresh();
    const publish = (streamName: string) =>
      authorizePublish({ app: 'live', streamName }, { keys: ring, clock, isOpen: false });
    time.nowMs += 300_000;
    expect(publish(text)).toMatchObject({ allowed: true });
    time.nowMs += 1;
    expect(publish(text)).toMatchObject(refused('ACCESS_KEYS_STALE'));
    expect(publish(`${text.slice(0, -4)}aaaa`)).toMatchObject(refused('ACCESS_KEY_UNKNOWN'));
    await ring.refresh();
    expect(publish(text)).toMatchObject({ allowed: true, grant: { keyId: key.id } });
  });

  test('with a key goes to its channel', async () => {
    const { keys, publish, used } = await setUp();
    const { key, text } = await keys.create({ channel: 'morning-show' });
    const allowed = { allowed: true, grant: { channel: 'morning-show', keyId: key.id } };
    expect(publish(text)).toEqual(allowed);
    for (const app of ['live/', `live/${text}`, 'live?x=1']) {
      expect(publish(`${text}?bandwidthtest=true`, app)).toEqual(allowed);
    }
    expect(used).toEqual([key.id, key.id, key.id, key.id]);
  });

  test('with a key that has rungs of its own gets only those, also when it has none', async () => {
    const { keys, publish } = await setUp();
    for (const ladder of [['480p', '360p'], []]) {
      const { text } = await keys.create({ channel: 'side-stage', policy: { ladder } });
      expect(publish(text)).toMatchObject({ allowed: true, grant: { channel: 'side-stage', rungs: ladder } });
    }
  });

  test('with a key that allows a bit rate is told of it when it sends more', async () => {
    const { keys, publish } = await setUp();
    const { text } = await keys.create({ channel: 'side-stage', policy: { maxBitrateBps: 3_000_000 } });
    expect(publish(text)).toMatchObject({ allowed: true, grant: { channel: 'side-stage', maxBitrateBps: 3_000_000 } });
  });

  test('without a right key is refused, and a channel name is none', async () => {
    const { keys, publish } = await setUp();
    const { key, text } = await keys.create({ channel: 'morning-show' });
    const other = formatKeyText({ id: key.id, secret: newKeyText().secret });
    const wrong = [
      other,
      formatKeyText(newKeyText()),
      'morning-show',
      '',
      `${text}a`,
      text.toUpperCase(),
      `sk_${key.id}_`,
    ];
    for (const name of wrong) expect(publish(name)).toMatchObject(refused('ACCESS_KEY_UNKNOWN'));
  });

  test('is open to any channel name when the operator says so, and to keys still', async () => {
    const { keys, publish } = await setUp({ isOpen: true });
    expect(publish('stage-2')).toEqual({ allowed: true, grant: { channel: 'stage-2' } });
    expect(publish('../etc/passwd')).toMatchObject(refused('ACCESS_KEY_UNKNOWN'));
    const { key, text } = await keys.create({ channel: 'morning-show' });
    expect(publish(text)).toMatchObject({ allowed: true, grant: { keyId: key.id } });
  });

  test('to another application is refused without repeating a key typed there', async () => {
    const { keys, publish } = await setUp();
    const { text } = await keys.create({ channel: 'morning-show' });
    for (const app of ['vod', 'live2', '', `vod/${text}`, text, `${text}/live`]) {
      const verdict = publish(text, app);
      expect(verdict).toMatchObject(refused('ACCESS_APP_UNKNOWN'));
      expect(JSON.stringify([verdict, 'error' in verdict && verdict.error.message])).not.toContain(text.slice(14));
    }
  });

  test('is refused after the key expired or was revoked, and why is told only to who has the secret', async () => {
    const { keys, publish, time } = await setUp();
    const { key, text } = await keys.create({ channel: 'a', expiresAtMs: time.nowMs + dayMs });
    expect(publish(text)).toMatchObject({ allowed: true });
    time.nowMs += dayMs;
    expect(publish(text)).toMatchObject(refused('ACCESS_KEY_EXPIRED'));
    await keys.update(key.id, () => ({ expiresAtMs: null }));
    expect(publish(text)).toMatchObject({ allowed: true });
    await keys.revoke(key.id);
    expect(publish(text)).toMatchObject(refused('ACCESS_KEY_REVOKED'));
    expect(publish(formatKeyText({ id: key.id, secret: newKeyText().secret }))).toMatchObject(
      refused('ACCESS_KEY_UNKNOWN'),
    );
  });

  test('goes on with the old secret for the overlap of a rotation, then only with the new one', async () => {
    const { keys, publish, time } = await setUp();
    const { text: old } = await keys.create({ channel: 'a' });
    const { text: current, key } = await keys.rotate('a', dayMs);
    expect(current.split('_')[1]).toBe(key.id);
    expect(publish(old)).toMatchObject({ allowed: true });
    time.nowMs += dayMs;
    expect(publish(old)).toMatchObject(refused('ACCESS_KEY_UNKNOWN'));
    expect(publish(current)).toMatchObject({ allowed: true });
    const { text: newest } = await keys.rotate(key.id, 0);
    expect(publish(current)).toMatchObject(refused('ACCESS_KEY_UNKNOWN'));
    expect(publish(newest)).toMatchObject({ allowed: true });
  });
});

describe('the key ring', () => {
  test('tells of a revocation once, whoever made it', async () => {
    const { keys, ring, store } = await setUp();
    const revoked: string[] = [];
    const stop = ring.onRevoked((id) => revoked.push(id));
    const [a, b, c] = [
      await keys.create({ channel: 'a' }),
      await keys.create({ channel: 'b' }),
      await keys.create({ channel: 'c' }),
    ];
    await keys.revoke(a.key.id);
    await keys.revoke(a.key.id);
    await store.keys.update(b.key.id, { revokedAtMs: 5 });
    await ring.refresh();
    await ring.refresh();
    expect(revoked).toEqual([a.key.id, b.key.id]);
    stop();
    await keys.revoke(c.key.id);
    expect(revoked).toHaveLength(2);
  });

  test('knows the keys of before after a restart', async () => {
    const { keys, store, dataDir } = await setUp();
    const { text, key } = await keys.create({ channel: 'a' });
    const ring = new KeyRing(store.keys, loadPepper({ dataDir, mayCreate: false }));
    await ring.refresh();
    expect(ring.check(text, 0)).toMatchObject({ key: { id: key.id } });
  });
});

describe('keys', () => {
  test('a key is found by id, by its visible prefix, whole, or by the channel that has one', async () => {
    const { keys } = await setUp();
    const { key, text } = await keys.create({ channel: 'a' });
    for (const name of [key.id, `sk_${key.id}`, text, 'a']) expect((await keys.find(name)).id).toBe(key.id);
    await keys.create({ channel: 'a' });
    await expect(keys.find('a')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    await keys.revoke(key.id);
    expect((await keys.find('a')).id).not.toBe(key.id);
    const unknown = formatKeyText(newKeyText());
    const error = await keys.find(unknown).catch((e: Error) => e.message);
    expect(error).not.toContain(unknown.slice(14));
  });

  test.each(['', 'Morning', 'a_b', '-a', 'ä', 'a'.repeat(64), '../x', 'a.b'])(
    '%j is no channel name',
    async (channel) => {
      const { keys } = await setUp();
      await expect(keys.create({ channel })).rejects.toMatchObject({ code: 'ACCESS_CHANNEL_INVALID' });
    },
  );

  test('no file of the data folder has the secret, whatever is done with the key', async () => {
    const { keys, store, dataDir, publish } = await setUp();
    const { text, key } = await keys.create({ channel: 'a' });
    publish(text);
    const rotated = await keys.rotate(key.id, dayMs);
    await keys.revoke(key.id);
    for (const file of readdirSync(dataDir)) {
      const bytes = readFileSync(join(dataDir, file), 'latin1');
      expect(bytes).not.toContain(text.slice(14));
      expect(bytes).not.toContain(rotated.text.slice(14));
    }
    const hash = (await store.keys.find(key.id))?.previousHash ?? '';
    expect(readdirSync(dataDir).some((file) => readFileSync(join(dataDir, file), 'latin1').includes(hash))).toBe(true);
  });

  test('texts and stream ids have their form and never meet a channel name', () => {
    for (let i = 0; i < 200; i++) {
      const text = newKeyText();
      expect(parseKeyText(formatKeyText(text))).toEqual(text);
      expect(isChannelName(formatKeyText(text))).toBe(false);
      const id = newStreamId();
      expect(id).toMatch(streamIdPattern);
      expect(isChannelName(id)).toBe(false);
    }
  });
});

describe('the pepper', () => {
  test('is made once, for its owner alone', async () => {
    const { dataDir } = await setUp();
    const path = join(dataDir, 'pepper');
    const bytes = readFileSync(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    loadPepper({ dataDir, mayCreate: true });
    expect(readFileSync(path)).toEqual(bytes);
  });

  test('is not silently replaced when it is missing, and not used when others may read it', async () => {
    const { dataDir } = await setUp();
    const path = join(dataDir, 'pepper');
    chmodSync(path, 0o644);
    expect(() => loadPepper({ dataDir, mayCreate: true })).toThrow('others may read it');
    rmSync(path);
    expect(() => loadPepper({ dataDir, mayCreate: false })).toThrow('it is missing, though there are keys');
  });
});
