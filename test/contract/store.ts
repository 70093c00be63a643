import { describe, expect, onTestFinished, test } from 'vitest';
import { streamStates, streamTransitions } from '../../src/contract/stream-state.ts';
import type { Store } from '../../src/store/ports/store.ts';
import type { StreamRow } from '../../src/store/ports/stream-store.ts';
import { someEvent, someKey, someStream } from '../support/rows.ts';

/** What every adapter of the store must do. `open` makes an empty store. */
export function storeContract(adapter: string, open: () => Promise<Store>): void {
  async function openStore(): Promise<Store> {
    const store = await open();
    onTestFinished(() => store.close());
    return store;
  }

  async function createStream(store: Store, members: Partial<StreamRow> = {}): Promise<StreamRow> {
    const stream = someStream(members);
    await store.streams.create(stream, someEvent({ streamId: stream.id }));
    return stream;
  }

  describe(`${adapter}: keys`, () => {
    test('a key is found as it was created, with its event', async () => {
      const store = await openStore();
      const key = someKey({ policy: { maxBitrateBps: 6_000_000, ladder: ['720p'] }, expiresAtMs: 5 });
      await store.keys.create(key, someEvent({ type: 'key.created', payload: { key: key.id } }));
      expect(await store.keys.find(key.id)).toEqual(key);
      expect(await store.keys.find('other')).toBeUndefined();
      expect(await store.events.list({ limit: 10 })).toMatchObject([{ type: 'key.created', payload: { key: key.id } }]);
    });

    test('an update changes what it names and nothing else', async () => {
      const store = await openStore();
      const key = someKey({ expiresAtMs: 9 });
      await store.keys.create(key, someEvent());
      const updated = await store.keys.update(
        key.id,
        { revokedAtMs: 7, previousHash: null },
        someEvent({ type: 'key.revoked' }),
      );
      expect(updated).toEqual({ ...key, revokedAtMs: 7 });
      expect(await store.keys.update(key.id, { expiresAtMs: null })).toEqual({
        ...key,
        revokedAtMs: 7,
        expiresAtMs: null,
      });
      expect(await store.keys.update(key.id, {})).toMatchObject({ id: key.id });
      expect(await store.keys.update('other', { revokedAtMs: 1 }, someEvent())).toBeUndefined();
      expect((await store.events.list({ limit: 10 })).map(({ type }) => type)).toEqual([
        'stream.created',
        'key.revoked',
      ]);
    });

    test('keys are listed oldest first, with when they were last used', async () => {
      const store = await openStore();
      const second = someKey({ createdAtMs: 2 });
      const first = someKey({ createdAtMs: 1 });
      await store.keys.create(second, someEvent());
      await store.keys.create(first, someEvent());
      await store.keys.touch(first.id, 55);
      expect(await store.keys.list()).toEqual([{ ...first, lastUsedAtMs: 55 }, second]);
    });

    test('a key id is never given twice', async () => {
      const store = await openStore();
      const key = someKey();
      await store.keys.create(key, someEvent());
      await expect(store.keys.create(key, someEvent())).rejects.toThrow();
      expect(await store.events.list({ limit: 10 })).toHaveLength(1);
    });
  });

  describe(`${adapter}: streams`, () => {
    test('a transition changes the row and writes its event', async () => {
      const store = await openStore();
      const stream = await createStream(store);
      const tracks = [{ kind: 'video', codec: 'avc1.64001f', widthPixels: 1280, heightPixels: 720, fps: 30 }] as const;
      const row = await store.streams.transition(
        stream.id,
        { state: 'ACTIVE', startedAtMs: 5, tracks },
        someEvent({ type: 'stream.started', streamId: stream.id, traceId: 't' }),
      );
      expect(row).toEqual({ ...stream, state: 'ACTIVE', startedAtMs: 5, tracks });
      expect(await store.streams.find(stream.id)).toEqual(row);
      const [, event] = await store.events.list({ streamId: stream.id, limit: 10 });
      expect(event).toMatchObject({ type: 'stream.started', traceId: 't' });
    });

    for (const from of streamStates) {
      for (const to of streamStates) {
        const reasons: readonly string[] | undefined = (streamTransitions[from] as Record<string, readonly string[]>)[
          to
        ];
        test(`${from} to ${to} is ${reasons === undefined ? 'refused' : 'made'}, as the state table says`, async () => {
          const store = await openStore();
          const stream = await createStream(store, { state: from });
          const reason = (reasons?.[0] ?? null) as StreamRow['reason'];
          const attempt = store.streams.transition(
            stream.id,
            { state: to, reason },
            someEvent({ streamId: stream.id }),
          );
          if (reasons !== undefined) return expect((await attempt).state).toBe(to);
          await expect(attempt).rejects.toMatchObject({ code: 'STREAM_TRANSITION_ILLEGAL' });
          expect(await store.streams.find(stream.id)).toEqual(stream);
          expect(await store.events.list({ streamId: stream.id, limit: 10 })).toHaveLength(1);
        });
      }
    }

    test('a reason that does not belong to the step is refused', async () => {
      const store = await openStore();
      const stream = await createStream(store, { state: 'ACTIVE' });
      const end = (reason: StreamRow['reason']) =>
        store.streams.transition(stream.id, { state: 'ERROR', reason }, someEvent({ streamId: stream.id }));
      await expect(end('operator')).rejects.toMatchObject({ code: 'STREAM_TRANSITION_ILLEGAL' });
      await expect(end(null)).rejects.toMatchObject({ code: 'STREAM_TRANSITION_ILLEGAL' });
      expect((await end('publisher_lost')).reason).toBe('publisher_lost');
    });

    test('interruption and return are no change of state', async () => {
      const store = await openStore();
      const stream = await createStream(store, { state: 'ACTIVE' });
      const change = (interruptedSinceMs: number | null) =>
        store.streams.transition(stream.id, { interruptedSinceMs }, someEvent({ streamId: stream.id }));
      expect(await change(77)).toMatchObject({ state: 'ACTIVE', interruptedSinceMs: 77 });
      expect(await change(null)).toMatchObject({ state: 'ACTIVE', interruptedSinceMs: null });
    });

    test('a transition of a stream that is not there leaves no event', async () => {
      const store = await openStore();
      const attempt = store.streams.transition('st_none', { state: 'ACTIVE' }, someEvent());
      await expect(attempt).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
      expect(await store.events.list({ limit: 10 })).toEqual([]);
    });

    test('of two simultaneous ends, one wins and the other is refused', async () => {
      const store = await openStore();
      const stream = await createStream(store, { state: 'ACTIVE' });
      const end = (reason: 'publisher' | 'operator') =>
        store.streams.transition(stream.id, { state: 'ENDED_GRACEFULLY', reason }, someEvent({ streamId: stream.id }));
      const results = await Promise.allSettled([end('publisher'), end('operator')]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
      expect(await store.events.list({ streamId: stream.id, limit: 10 })).toHaveLength(2);
    });

    test('a channel name means its newest stream', async () => {
      const store = await openStore();
      await createStream(store, { createdAtMs: 1, state: 'ERROR' });
      const newest = await createStream(store, { createdAtMs: 2 });
      await createStream(store, { createdAtMs: 3, channel: 'evening-show' });
      expect(await store.streams.find('morning-show')).toEqual(newest);
      expect(await store.streams.find('night-show')).toBeUndefined();
    });

    test('continuity is kept per stream', async () => {
      const store = await openStore();
      const [a, b] = [await createStream(store), await createStream(store)];
      await store.streams.saveContinuity([
        { streamId: a.id, continuity: { msn: 5, anchor: [1, null] } },
        { streamId: b.id, continuity: { msn: 6 } },
      ]);
      expect((await store.streams.find(a.id))?.continuity).toEqual({ msn: 5, anchor: [1, null] });
      expect((await store.streams.find(b.id))?.continuity).toEqual({ msn: 6 });
    });

    test('pages list every stream once, newest first, also among equal times', async () => {
      const store = await openStore();
      const all: StreamRow[] = [];
      for (let i = 0; i < 7; i++) all.push(await createStream(store, { createdAtMs: 100 + Math.floor(i / 3) }));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.streams.list({ limit: 2, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      const expected = all
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
      expect(seen).toEqual(expected);
    });

    test('lists are filtered by state and channel, and active() has those that have not ended', async () => {
      const store = await openStore();
      const ended = await createStream(store, { state: 'ERROR', createdAtMs: 1 });
      const live = await createStream(store, { state: 'ACTIVE', createdAtMs: 2, channel: 'a' });
      const pending = await createStream(store, { createdAtMs: 3 });
      const ids = async (filter: object) =>
        (await store.streams.list({ limit: 9, ...filter })).items.map(({ id }) => id);
      expect(await ids({ state: 'ERROR' })).toEqual([ended.id]);
      expect(await ids({ channel: 'a' })).toEqual([live.id]);
      expect((await store.streams.active()).map(({ id }) => id)).toEqual([live.id, pending.id]);
    });

    test.each(['', '!!!', 'bm90IGEgY3Vyc29y'])('the cursor %j is refused', async (cursor) => {
      const store = await openStore();
      await expect(store.streams.list({ limit: 1, cursor })).rejects.toMatchObject({ code: 'STORE_CURSOR_INVALID' });
    });
  });

  describe(`${adapter}: events`, () => {
    test('ids only grow, and a reader continues after the last it saw', async () => {
      const store = await openStore();
      const stream = await createStream(store);
      const first = await store.events.append(someEvent({ type: 'a', payload: { x: [1, 'zwei'] } }));
      const second = await store.events.append(someEvent({ type: 'b', streamId: stream.id }));
      expect(second.id).toBeGreaterThan(first.id);
      expect(await store.events.list({ afterId: first.id - 1, limit: 1 })).toEqual([first]);
      expect(await store.events.list({ afterId: first.id, limit: 10 })).toEqual([second]);
    });
  });

  test(`${adapter}: hostile text stays text`, async () => {
    const store = await openStore();
    const text = `'; drop table streams; -- "\u0000\u{1F600}`;
    const key = someKey({ channel: text });
    await store.keys.create(key, someEvent({ type: text, payload: { text } }));
    expect(await store.keys.find(key.id)).toEqual(key);
    expect(await store.streams.find(text)).toBeUndefined();
    expect(await store.events.list({ limit: 9 })).toMatchObject([{ type: text, payload: { text } }]);
  });
}
