import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { StoreHealth, type StoreState } from '../../src/store/store-health.ts';
import { storeMethods } from '../../src/store/store-methods.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someEvent, someStream } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';

async function setUp() {
  const real = await openStore({ url: `sqlite:${join(tempDir(), 'streamctl.db')}` });
  onTestFinished(() => real.close());
  let failure: StreamctlError | undefined;
  const list: Store['keys']['list'] = async () => {
    if (failure !== undefined) throw failure;
    return real.keys.list();
  };
  const clock = new ManualClock();
  const lines: unknown[][] = [];
  const told: StoreState[] = [];
  const health = new StoreHealth(clock, {
    info: (...args: unknown[]) => void lines.push(args),
    warn: (...args: unknown[]) => void lines.push(args),
  });
  health.onChange((state) => told.push(state));
  const store = health.watch({ ...real, keys: Object.assign(Object.create(real.keys), { list }) });
  const fail = (error?: StreamctlError) => {
    failure = error;
  };
  return { health, store, clock, told, lines, fail };
}

const unreachable = new StreamctlError('STORE_UNREACHABLE', { path: 'postgres://db/x', reason: 'ECONNREFUSED' });

test('a store that stops answering is known since when, and told once until it answers again', async () => {
  const { health, store, clock, told, lines, fail } = await setUp();
  await store.keys.list();
  expect(health.state).toEqual({ isHealthy: true });
  expect(health.warnings()).toEqual([]);
  fail(unreachable);
  const sinceMs = clock.wallMs();
  for (let again = 0; again < 3; again++) {
    await expect(store.keys.list()).rejects.toBe(unreachable);
    clock.advance(1000);
  }
  expect(health.state).toEqual({ isHealthy: false, sinceMs, reason: unreachable.message });
  expect(health.warnings()).toEqual([expect.stringContaining('2026-01-01T00:00:00.000Z')]);
  fail();
  await store.keys.list();
  expect(health.state).toEqual({ isHealthy: true });
  expect(told.map(({ isHealthy }) => isHealthy)).toEqual([false, true]);
  expect(lines.map(([, sentence]) => sentence)).toEqual([
    expect.stringContaining('does not answer'),
    'the store answers again',
  ]);
  expect(lines[1]?.[0]).toEqual({ away_ms: 3000 });
});

test('an error about what was asked is an answer', async () => {
  const { health, store, fail } = await setUp();
  await expect(store.streams.transition('st_none', {}, someEvent())).rejects.toMatchObject({ code: 'STREAM_UNKNOWN' });
  const stream = someStream();
  await store.streams.create(stream, someEvent());
  await expect(store.streams.create(stream, someEvent())).rejects.toThrow();
  expect(health.state).toEqual({ isHealthy: true });
  fail(unreachable);
  await expect(store.keys.list()).rejects.toThrow();
  await expect(store.streams.transition('st_none', {}, someEvent())).rejects.toThrow();
  expect(health.state).toEqual({ isHealthy: true });
});

test('every method of every port is known, so that a store can be watched, or live in another thread', async () => {
  const real = await openStore({ url: `sqlite:${join(tempDir(), 'streamctl.db')}` });
  onTestFinished(() => real.close());
  for (const [port, methods] of Object.entries(storeMethods)) {
    const target: object = port === 'store' ? real : real[port as keyof Store];
    const own = port === 'store' ? Object.keys(real) : methodNames(target);
    const named = own.filter((name) => name !== 'constructor' && !(name in storeMethods));
    expect([...methods].toSorted(), port).toEqual(named.toSorted());
  }
});

/** Of an object's class and those it extends. */
function methodNames(target: object): string[] {
  const parent: object = Object.getPrototypeOf(target);
  return parent === Object.prototype ? [] : [...Object.getOwnPropertyNames(parent), ...methodNames(parent)];
}
