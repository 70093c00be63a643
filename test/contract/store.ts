import { describe, expect, onTestFinished, test } from 'vitest';
import { streamEndReasons, streamStates, streamTransitions } from '../../src/contract/stream-state.ts';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import type { Store } from '../../src/store/ports/store.ts';
import type { StreamRow } from '../../src/store/ports/stream-store.ts';
import { someEvent, someKey, someSession, someStream, someToken } from '../support/rows.ts';

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

    test('of all steps from state to state, for every reason, exactly those of the state table are made', async () => {
      const store = await openStore();
      const steps = streamStates.flatMap((from) =>
        streamStates.flatMap((to) => [null, ...streamEndReasons].map((reason) => ({ from, to, reason }))),
      );
      const legal = new Set(
        streamStates.flatMap((from) =>
          Object.entries<readonly string[]>(streamTransitions[from]).flatMap(([to, reasons]) =>
            reasons.length === 0 ? [`${from} ${to} null`] : reasons.map((reason) => `${from} ${to} ${reason}`),
          ),
        ),
      );
      const made: string[] = [];
      for (const { from, to, reason } of steps) {
        const stream = await createStream(store, { state: from });
        const event = someEvent({ streamId: stream.id });
        await store.streams.transition(stream.id, { state: to, reason }, event).then(
          (row) => {
            expect(row).toEqual({ ...stream, state: to, reason });
            made.push(`${from} ${to} ${reason}`);
          },
          async (error: unknown) => {
            expect(error).toMatchObject({ code: 'STREAM_TRANSITION_ILLEGAL' });
            expect(await store.streams.find(stream.id)).toEqual(stream);
            expect(await store.events.list({ streamId: stream.id, limit: 10 })).toHaveLength(1);
          },
        );
      }
      expect(steps).toHaveLength(4 * 4 * 9);
      expect(new Set(made)).toEqual(legal);
    });

    test('a stream keeps the trace it belongs to', async () => {
      const store = await openStore();
      const stream = await createStream(store, { traceId: '0af7651916cd43dd8448eb211c80319c' });
      expect(await store.streams.find(stream.id)).toEqual(stream);
      const event = someEvent({ streamId: stream.id });
      expect((await store.streams.transition(stream.id, { node: 'b' }, event)).traceId).toBe(stream.traceId);
      expect((await store.streams.transition(stream.id, { traceId: null }, event)).traceId).toBeNull();
    });

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
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
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
      expect(await store.events.newestId()).toBe(0);
      const stream = await createStream(store);
      const first = await store.events.append(someEvent({ type: 'a', payload: { x: [1, 'zwei'] } }));
      const second = await store.events.append(someEvent({ type: 'b', streamId: stream.id }));
      expect(second.id).toBeGreaterThan(first.id);
      expect(await store.events.list({ afterId: first.id - 1, limit: 1 })).toEqual([first]);
      expect(await store.events.list({ afterId: first.id, limit: 10 })).toEqual([second]);
      expect(await store.events.newestId()).toBe(second.id);
    });

    test('events whose time is over go, some at a time; the newest, dead letters and what is still wanted stay', async () => {
      const store = await openStore();
      const ids: number[] = [];
      for (const timeMs of [1, 2, 3, 4, 9, 5]) ids.push((await store.events.append(someEvent({ timeMs }))).id);
      const sinkId = 'sink';
      await store.outbox.lease({ sinkId, holder: 'h', nowMs: 0, untilMs: 1 });
      const letter = { sinkId, eventId: ids[1]!, attempts: 1, error: 'no', buriedAtMs: 1 };
      const position = { fromEventId: ids[5]!, lastEventId: ids[5]! };
      expect(await store.outbox.advance({ ...position, sinkId, holder: 'h', buried: [letter] })).toBe(true);
      const left = async () => (await store.events.list({ limit: 9 })).map(({ id }) => ids.indexOf(id));
      expect(await store.events.removeBefore({ timeMs: 1, limit: 9 })).toBe(0);
      expect(await store.events.removeBefore({ timeMs: 6, limit: 1 })).toBe(1);
      expect(await left()).toEqual([1, 2, 3, 4, 5]);
      expect(await store.events.removeBefore({ timeMs: 6, upToId: ids[2]!, limit: 9 })).toBe(1);
      expect(await left()).toEqual([1, 3, 4, 5]);
      expect(await store.events.removeBefore({ timeMs: 6, limit: 9 })).toBe(1);
      expect(await left()).toEqual([1, 4, 5]);
      expect(await store.events.newestId()).toBe(ids[5]);
    });

    test('a reader who wants some types gets those, from where it stands', async () => {
      const store = await openStore();
      const events = [];
      for (const type of ['a', 'b', 'c', 'a', 'b']) events.push(await store.events.append(someEvent({ type })));
      const ids = async (filter: object) => (await store.events.list({ limit: 9, ...filter })).map(({ id }) => id);
      expect(await ids({ types: ['a', 'c'] })).toEqual([events[0]!.id, events[2]!.id, events[3]!.id]);
      expect(await ids({ types: ['a'], afterId: events[0]!.id })).toEqual([events[3]!.id]);
      expect(await ids({ types: ['d'] })).toEqual([]);
    });

    test('whoever reads while others write misses nothing', async () => {
      const store = await openStore();
      const seen: number[] = [];
      let isWriting = true;
      const read = async () => {
        for (;;) {
          const isLast = !isWriting;
          const page = await store.events.list({ afterId: seen.at(-1) ?? 0, limit: 7 });
          seen.push(...page.map(({ id }) => id));
          if (isLast && page.length === 0) return;
        }
      };
      const reader = read();
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          for (let i = 0; i < 20; i++) await store.keys.create(someKey(), someEvent());
        }),
      );
      isWriting = false;
      await reader;
      expect(seen).toEqual((await store.events.list({ limit: 1000 })).map(({ id }) => id));
      expect(seen).toHaveLength(120);
    });
  });

  describe(`${adapter}: tokens`, () => {
    test('a token is found as it was created, with its event, and listed oldest first', async () => {
      const store = await openStore();
      const second = someToken({ createdAtMs: 2, scopes: ['streams:read', 'keys:write'], expiresAtMs: 9 });
      const first = someToken({ createdAtMs: 1 });
      await store.tokens.create(second, someEvent({ type: 'token.created' }));
      await store.tokens.create(first, someEvent({ type: 'token.created' }));
      expect(await store.tokens.find(second.id)).toEqual(second);
      expect(await store.tokens.find('other')).toBeUndefined();
      expect(await store.tokens.list()).toEqual([first, second]);
      expect(await store.events.list({ limit: 9 })).toHaveLength(2);
      await expect(store.tokens.create(first, someEvent())).rejects.toThrow();
      expect(await store.events.list({ limit: 9 })).toHaveLength(2);
    });

    test('an update changes what it names and nothing else', async () => {
      const store = await openStore();
      const token = someToken({ expiresAtMs: 9 });
      await store.tokens.create(token, someEvent());
      expect(await store.tokens.update(token.id, { lastUsedAtMs: 5 })).toEqual({ ...token, lastUsedAtMs: 5 });
      const revoked = await store.tokens.update(token.id, { revokedAtMs: 7 }, someEvent({ type: 'token.revoked' }));
      expect(revoked).toEqual({ ...token, lastUsedAtMs: 5, revokedAtMs: 7 });
      expect(await store.tokens.update('other', { revokedAtMs: 7 }, someEvent())).toBeUndefined();
      const types = (await store.events.list({ limit: 9 })).map(({ type }) => type);
      expect(types).toEqual(['stream.created', 'token.revoked']);
    });
  });

  describe(`${adapter}: requests that may come twice`, () => {
    const request = { id: 'r1', requestHash: 'h1', createdAtMs: 100 };

    test('the second is told that the first is under way, and then what it was answered', async () => {
      const store = await openStore();
      expect(await store.idempotency.begin(request)).toBeUndefined();
      const again = { id: 'r1', requestHash: 'h2', createdAtMs: 200 };
      expect(await store.idempotency.begin(again)).toEqual({ ...request, answer: null });
      await store.idempotency.finish('r1', 'sealed');
      expect(await store.idempotency.begin(again)).toEqual({ ...request, answer: 'sealed' });
    });

    test('of several at the same time exactly one begins', async () => {
      const store = await openStore();
      const results = await Promise.all(Array.from({ length: 6 }, () => store.idempotency.begin(request)));
      expect(results.filter((known) => known === undefined)).toHaveLength(1);
    });

    test('one that failed may be made again, one that was answered may not', async () => {
      const store = await openStore();
      await store.idempotency.begin(request);
      await store.idempotency.abandon('r1');
      expect(await store.idempotency.begin({ ...request, createdAtMs: 200 })).toEqual({ ...request, answer: '' });
      await store.idempotency.finish('r1', 'sealed');
      await store.idempotency.abandon('r1');
      expect(await store.idempotency.begin(request)).toMatchObject({ answer: 'sealed' });
    });

    test('old ones are forgotten', async () => {
      const store = await openStore();
      await store.idempotency.begin(request);
      await store.idempotency.begin({ ...request, id: 'r2', createdAtMs: 101 });
      await store.idempotency.prune(101);
      expect(await store.idempotency.begin(request)).toBeUndefined();
      expect(await store.idempotency.begin({ ...request, id: 'r2' })).toMatchObject({ createdAtMs: 101 });
    });
  });

  describe(`${adapter}: receivers of events`, () => {
    const lease = (store: Store, holder: string, nowMs: number) =>
      store.outbox.lease({ sinkId: 'hook', holder, nowMs, untilMs: nowMs + 10 });

    async function appendEvents(store: Store, count: number): Promise<number[]> {
      const ids: number[] = [];
      for (let i = 0; i < count; i++) ids.push((await store.events.append(someEvent())).id);
      return ids;
    }

    test('a new receiver begins behind the newest event, and one node serves it until its lease ends', async () => {
      const store = await openStore();
      const [first] = await appendEvents(store, 1);
      expect(await lease(store, 'a', 100)).toEqual({ lastEventId: first });
      expect(await lease(store, 'b', 105)).toBeUndefined();
      expect(await lease(store, 'a', 109)).toEqual({ lastEventId: first });
      expect(await lease(store, 'b', 118)).toBeUndefined();
      expect(await lease(store, 'b', 119)).toEqual({ lastEventId: first });
      await store.outbox.release('hook', 'a');
      expect(await lease(store, 'a', 120)).toBeUndefined();
      await store.outbox.release('hook', 'b');
      expect(await lease(store, 'a', 121)).toEqual({ lastEventId: first });
    });

    test('of nodes that ask at the same time one gets the lease', async () => {
      const store = await openStore();
      const holders = ['a', 'b', 'c', 'd'];
      const leases = await Promise.all(holders.map((holder) => lease(store, holder, 100)));
      expect(leases.filter((one) => one !== undefined)).toEqual([{ lastEventId: 0 }]);
    });

    test('a receiver moves on only for its holder and from where it stands, and buries what it would not take', async () => {
      const store = await openStore();
      await lease(store, 'a', 100);
      const [first, second] = (await appendEvents(store, 2)) as [number, number];
      const letter = { sinkId: 'hook', eventId: second, attempts: 3, error: '500 \u{1F4A5}', buriedAtMs: 4 };
      const step = { sinkId: 'hook', holder: 'a', fromEventId: 0, lastEventId: first };
      expect(await store.outbox.advance({ ...step, holder: 'b' })).toBe(false);
      expect(await store.outbox.advance(step)).toBe(true);
      expect(await store.outbox.advance({ ...step, lastEventId: second, buried: [letter] })).toBe(false);
      expect(await store.outbox.deadLetters({ limit: 9 })).toEqual([]);
      const next = { ...step, fromEventId: first, lastEventId: second, buried: [letter] };
      expect(await store.outbox.advance(next)).toBe(true);
      expect(await lease(store, 'a', 101)).toEqual({ lastEventId: second });
      expect(await store.outbox.deadLetters({ limit: 9 })).toEqual([letter]);
    });

    test('dead letters are listed oldest first, by receiver, until they are removed', async () => {
      const store = await openStore();
      const [first, second] = (await appendEvents(store, 2)) as [number, number];
      const letter = (sinkId: string, eventId: number) => ({ sinkId, eventId, attempts: 1, error: 'x', buriedAtMs: 1 });
      for (const sinkId of ['a', 'b']) {
        await store.outbox.lease({ sinkId, holder: 'n', nowMs: 1, untilMs: 9 });
        const buried = [letter(sinkId, second), letter(sinkId, first)];
        const step = { sinkId, holder: 'n', fromEventId: second, lastEventId: second, buried };
        expect(await store.outbox.advance(step)).toBe(true);
      }
      const places = async (filter: object) =>
        (await store.outbox.deadLetters({ limit: 9, ...filter })).map(({ sinkId, eventId }) => [sinkId, eventId]);
      expect(await places({})).toEqual([
        ['a', first],
        ['b', first],
        ['a', second],
        ['b', second],
      ]);
      expect(await places({ sinkId: 'b', limit: 1 })).toEqual([['b', first]]);
      await store.outbox.removeDeadLetter('b', first);
      expect(await places({ sinkId: 'b' })).toEqual([['b', second]]);
    });

    test('the backlog tells what each receiver has not had', async () => {
      const store = await openStore();
      expect(await store.outbox.backlog()).toEqual([]);
      await lease(store, 'a', 1);
      const [first, second, third] = (await appendEvents(store, 3)) as [number, number, number];
      await store.outbox.lease({ sinkId: 'late', holder: 'a', nowMs: 1, untilMs: 2 });
      const buried = [{ sinkId: 'hook', eventId: first, attempts: 1, error: 'x', buriedAtMs: 1 }];
      await store.outbox.advance({ sinkId: 'hook', holder: 'a', fromEventId: 0, lastEventId: first, buried });
      expect(await store.outbox.backlog()).toEqual([
        { sinkId: 'hook', lastEventId: first, waiting: 2, dead: 1 },
        { sinkId: 'late', lastEventId: third, waiting: 0, dead: 0 },
      ]);
      expect(await store.outbox.seek('hook', second)).toBe(true);
      expect(await store.outbox.seek('nobody', second)).toBe(false);
      expect((await store.outbox.backlog())[0]).toMatchObject({ lastEventId: second, waiting: 1 });
    });
  });

  describe(`${adapter}: viewers' sessions`, () => {
    const ids = async (page: Promise<{ items: readonly { id: string }[] }>) => (await page).items.map(({ id }) => id);

    test('a session is found as it was saved last, while it goes on and when it has ended', async () => {
      const store = await openStore();
      const session = someSession({ id: 'vs_a', node: 'here' });
      await store.sessions.save([session, someSession({ id: 'vs_b', node: 'there' })]);
      expect(await store.sessions.open('here')).toEqual([session]);
      const ended = { ...session, endedAtMs: 9_000, watchMs: 5_000_000_000, bytes: 9e12, totalFrames: 7, stalls: 2 };
      const untold = { ...ended, id: 'vs_c', startedAtMs: 0, stalls: null, stallMs: null };
      await store.sessions.save([ended, { ...untold, stalls: 1, stallMs: 1 }]);
      await store.sessions.save([untold]);
      expect(await store.sessions.open('here')).toEqual([]);
      expect(await store.sessions.listEnded({ streamId: 'st1', limit: 5 })).toEqual({
        items: [ended, untold],
        nextCursor: null,
      });
    });

    test('those that have ended are listed page by page, the newest first', async () => {
      const store = await openStore();
      const all = Array.from({ length: 95 }, (_, index) =>
        someSession({ id: `vs_${String(index).padStart(2, '0')}`, startedAtMs: Math.floor(index / 2), endedAtMs: 500 }),
      );
      await store.sessions.save([...all, someSession({ id: 'vs_other', streamId: 'st2', endedAtMs: 1 })]);
      const first = await store.sessions.listEnded({ streamId: 'st1', limit: 50 });
      const second = await store.sessions.listEnded({ streamId: 'st1', limit: 50, cursor: first.nextCursor! });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.map(({ id }) => id).reverse());
      expect(second.nextCursor).toBeNull();
    });

    test('those whose time is over are removed, some at a time, also those that nobody ended, and never those that go on', async () => {
      const store = await openStore();
      await store.sessions.save([
        someSession({ id: 'vs_1', endedAtMs: 1 }),
        someSession({ id: 'vs_2', endedAtMs: 2 }),
        someSession({ id: 'vs_3', endedAtMs: 3 }),
        someSession({ id: 'vs_4', endedAtMs: null }),
        someSession({ id: 'vs_5', endedAtMs: null, seenAtMs: 2 }),
      ]);
      expect(await store.sessions.removeEndedBefore(3, 1)).toBe(1);
      expect(await store.sessions.removeEndedBefore(3, 9)).toBe(2);
      expect(await store.sessions.removeEndedBefore(3, 9)).toBe(0);
      expect(await ids(store.sessions.listEnded({ streamId: 'st1', limit: 9 }))).toEqual(['vs_3']);
      expect(await store.sessions.open('test')).toHaveLength(1);
    });

    test('one that turned out to be another is removed, whether it has ended or not', async () => {
      const store = await openStore();
      await store.sessions.save([
        someSession({ id: 'vs_1', endedAtMs: 1 }),
        someSession({ id: 'vs_2', endedAtMs: null }),
        someSession({ id: 'vs_3', endedAtMs: null }),
      ]);
      await store.sessions.remove([]);
      await store.sessions.remove(['vs_1', 'vs_2', 'vs_unknown']);
      expect(await ids(store.sessions.listEnded({ streamId: 'st1', limit: 9 }))).toEqual([]);
      expect((await store.sessions.open('test')).map(({ id }) => id)).toEqual(['vs_3']);
    });
  });

  describe(`${adapter}: minutes of streams`, () => {
    const minute = (atMs: number, members: Partial<MinuteRow> = {}): MinuteRow => ({
      ...{ streamId: 'st1', atMs, viewers: 2.5, viewersPeak: 4, bitrateInBps: 6e9, bitrateOutBps: 6e12, fps: 29.97 },
      ...{ frames: 1800, droppedFrames: 2, latencyP50Ms: 310, latencyP95Ms: null, rebufferRatio: 0.0125 },
      ...members,
    });

    test('a minute is found as it was saved last, the newest of a time in its order', async () => {
      const store = await openStore();
      await store.minutes.save([minute(180_000), minute(60_000), minute(120_000), minute(60_000, { streamId: 'st2' })]);
      await store.minutes.save([minute(120_000, { viewers: 3, latencyP95Ms: 480 })]);
      await store.minutes.save([]);
      const all = { streamId: 'st1', fromMs: 60_000, toMs: 180_001 };
      expect(await store.minutes.list({ ...all, limit: 2 })).toEqual([
        minute(120_000, { viewers: 3, latencyP95Ms: 480 }),
        minute(180_000),
      ]);
      expect(await store.minutes.list({ ...all, toMs: 180_000, limit: 9 })).toHaveLength(2);
    });

    test('many at once are saved, and those whose time is over are removed a few at a time', async () => {
      const store = await openStore();
      await store.minutes.save(Array.from({ length: 500 }, (_, index) => minute(index * 60_000)));
      expect(await store.minutes.removeBefore(3 * 60_000, 2)).toBe(2);
      expect(await store.minutes.removeBefore(3 * 60_000, 9)).toBe(1);
      expect(await store.minutes.removeBefore(3 * 60_000, 9)).toBe(0);
      expect(await store.minutes.list({ streamId: 'st1', fromMs: 0, toMs: 9e9, limit: 999 })).toHaveLength(497);
    });
  });

  test(`${adapter}: hostile text stays text`, async () => {
    const store = await openStore();
    const text = `'; drop table streams; -- "\\ $1 \u{1F600}`;
    const payload = { text: `${text}\u0000` };
    const key = someKey({ channel: text });
    await store.keys.create(key, someEvent({ type: text, payload }));
    expect(await store.keys.find(key.id)).toEqual(key);
    expect(await store.streams.find(text)).toBeUndefined();
    expect(await store.events.list({ limit: 9 })).toMatchObject([{ type: text, payload }]);
  });

  test(`${adapter}: a NUL in a text stays, or becomes a replacement character, and finds nothing by mistake`, async () => {
    const store = await openStore();
    await store.keys.create(someKey(), someEvent({ type: 'a\u0000b' }));
    const [event] = await store.events.list({ limit: 1, types: ['a\u0000b'] });
    expect(['a\u0000b', 'a\ufffdb']).toContain(event?.type);
    expect(await store.keys.find('\u0000')).toBeUndefined();
    expect(await store.streams.find('morning-show\u0000')).toBeUndefined();
  });
}
