import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { SessionSink } from '../../src/analytics/ports.ts';
import { ViewerAnalytics } from '../../src/analytics/viewer-analytics.ts';
import { collectGarbage } from '../../src/base/garbage.ts';
import type { ViewerEventBatch } from '../../src/delivery/viewer-events/event-batch.ts';
import { type NewViewerEvent, ViewerEventWriter, viewerName } from '../../src/delivery/viewer-events/event-writer.ts';
import { openStore } from '../../src/store/open.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { stream } from './audience-rig.ts';

/** The whole way from a delivery thread's writer to the store, without the threads. */
async function analyticsRig({
  store,
  dataDir,
  clock = new ManualClock(),
  retentionMs = 86_400_000,
}: {
  store?: Store;
  dataDir: string;
  clock?: ManualClock;
  retentionMs?: number;
}) {
  const open = store ?? (await openStore({ url: `sqlite:${join(dataDir, 'test.db')}` }));
  if (store === undefined) onTestFinished(() => open.close());
  const told: SessionRow[] = [];
  const sink: SessionSink = { ended: (rows) => told.push(...rows) };
  const log = { warn: () => {} } as never;
  const analytics = new ViewerAnalytics({
    clock,
    store: open.sessions,
    node: 'here',
    dataDir,
    retentionMs,
    log,
    sinks: [sink],
  });
  await analytics.start();
  const reader = analytics.newReader();
  const writer = new ViewerEventWriter(clock.wallMs.bind(clock), (batch: ViewerEventBatch) => {
    reader.read(batch, analytics.take);
    writer.giveBack(batch.memory);
  });
  const number = writer.nameStream(stream);
  const event: NewViewerEvent = {
    ...{ kind: 'segment', stream: number, rendition: '720p', isAudio: false, isDash: false, status: 200 },
    ...{ bytes: 100, msn: 1, index: 0, ageMs: undefined, isReload: false },
  } as const;
  const ask = (msn: number, sid?: string, address = '203.0.113.77') => {
    const source = { viewer: viewerName(address, 'VLC/3.0 LibVLC/3.0'), connection: writer.nameConnection() };
    writer.add({ ...event, msn }, source, sid === undefined ? undefined : `sid%3D%22${sid}%22`);
    writer.flush();
  };
  const list = () => {
    const source = { viewer: viewerName('203.0.113.77', 'VLC/3.0 LibVLC/3.0'), connection: writer.nameConnection() };
    writer.add({ ...event, kind: 'playlist' }, source, undefined);
    writer.flush();
  };
  const report = (text: string, address = '203.0.113.77') => {
    const source = { viewer: viewerName(address, 'VLC/3.0 LibVLC/3.0'), connection: writer.nameConnection() };
    writer.add({ ...event, kind: 'report', status: 204 }, source, `${text}\n`);
    writer.flush();
  };
  return { store: open, analytics, clock, told, ask, list, report };
}

test('a session goes from request to store and sink: as long as it lasts it is live, then it is kept', async () => {
  const { store, analytics, clock, told, ask } = await analyticsRig({ dataDir: tempDir() });
  ask(1, 'one');
  ask(1);
  expect(analytics.viewers('st1')).toBe(2);
  expect(analytics.qualities('st1')).toEqual([{ name: '720p', viewers: 2 }]);
  expect(analytics.sessions('st1')).toMatchObject([{ network: '203.0.113.0/24', player: 'VLC' }, { endedAtMs: null }]);
  clock.advance(31_000);
  expect(analytics.viewers('st1')).toBe(0);
  expect(told.map(({ streamId }) => streamId)).toEqual(['st1', 'st1']);
  await analytics.stop();
  const { items } = await store.sessions.listEnded({ streamId: 'st1', limit: 9 });
  expect(items.map(({ id }) => id).sort()).toEqual(told.map(({ id }) => id).sort());
});

test('who has gone is told of for five minutes more, then nothing is known of the stream', async () => {
  const { analytics, clock, ask } = await analyticsRig({ dataDir: tempDir() });
  for (let msn = 1; msn < 6; msn++) {
    ask(msn, 'stays');
    if (msn < 5) ask(msn, 'goes');
    clock.advance(2000);
  }
  expect(analytics.recent('st1')).toMatchObject({
    watching: [{}, {}],
    sessions: [{}, {}],
    watchMs: 14_000,
    stallMs: 0,
  });
  clock.advance(60_000);
  const { watching, sessions, watchMs } = analytics.recent('st1');
  expect([watching.length, sessions.length, watchMs]).toEqual([0, 2, 14_000]);
  expect(analytics.streamIds()).toEqual([]);
  clock.advance(5 * 60_000);
  expect(analytics.recent('st1')).toMatchObject({ sessions: [], watchMs: 0 });
});

test('start-up times that become known later are taken, and replaced by better ones', async () => {
  const { analytics, ask, report } = await analyticsRig({ dataDir: tempDir() });
  const startup = () =>
    analytics.recent('st1').sessions.map(({ startupMs, startupSource }) => [startupMs, startupSource]);
  ask(1, 'a');
  expect(startup()).toEqual([[undefined, undefined]]);
  report('sid="a",e=t,msd=900');
  expect(startup()).toEqual([[900, 'msd']]);
  report('sid="a",e=t,com.streamctl-startup=812');
  expect(startup()).toEqual([[812, 'beacon']]);
});

test('what was watched under an earlier server does not count as watched now', async () => {
  const dataDir = tempDir();
  const first = await analyticsRig({ dataDir });
  const { clock, store } = first;
  for (let msn = 1; msn < 6; msn++) {
    first.ask(msn, 'stays');
    clock.advance(2000);
  }
  await first.analytics.stop();
  const second = await analyticsRig({ dataDir, store, clock });
  expect(second.analytics.recent('st1')).toMatchObject({ sessions: [{}], watchMs: 0 });
  for (let msn = 6; msn < 9; msn++) {
    second.ask(msn, 'stays');
    clock.advance(2000);
  }
  expect(second.analytics.recent('st1')).toMatchObject({ sessions: [{}], watchMs: 4000 });
});

test('nothing of what is kept has a whole address in it', async () => {
  const dataDir = tempDir();
  const { analytics, store, ask } = await analyticsRig({ dataDir });
  ask(1);
  ask(1, undefined, '2001:db8:7:1234:5678:9abc:def0:1234');
  await analytics.stop();
  const kept = JSON.stringify(await store.sessions.open('here'));
  expect(kept).toContain('203.0.113.0/24');
  expect(kept).toContain('2001:db8:7::/48');
  expect(kept).not.toMatch(/203\.0\.113\.77|1234/);
});

test('after a restart who still watches goes on with the same session, and who does not has left when last seen', async () => {
  const dataDir = tempDir();
  const first = await analyticsRig({ dataDir });
  const { clock, store } = first;
  for (let msn = 1; msn < 8; msn++) {
    first.ask(msn, 'stays');
    first.ask(msn);
    if (msn === 1) first.ask(msn, 'goes');
    clock.advance(2000);
  }
  const before = first.analytics.sessions('st1').map(({ id }) => id);
  await first.analytics.stop();
  clock.advance(10_000);
  const second = await analyticsRig({ dataDir, store, clock });
  expect(second.analytics.viewers('st1')).toBe(3);
  for (let msn = 8; msn < 24; msn++) {
    second.ask(msn, 'stays');
    second.ask(msn);
    clock.advance(2000);
  }
  expect(second.analytics.viewers('st1')).toBe(2);
  expect(before).toEqual(expect.arrayContaining(second.analytics.sessions('st1').map(({ id }) => id)));
  expect(second.analytics.sessions('st1').every(({ bytes }) => bytes === 2300)).toBe(true);
  expect(second.told).toMatchObject([{ key: 's goes' }]);
});

test('who has fetched media before a restart is one viewer, however often it asks for playlists until there is media again', async () => {
  const dataDir = tempDir();
  const first = await analyticsRig({ dataDir });
  const { clock, store } = first;
  for (let msn = 1; msn < 5; msn++) {
    first.ask(msn);
    clock.advance(2000);
  }
  await first.analytics.stop();
  const second = await analyticsRig({ dataDir, store, clock });
  for (let times = 0; times < 60; times++) {
    second.list();
    clock.advance(250);
    expect(second.analytics.viewers('st1')).toBe(1);
  }
});

test('a server that crashed has saved who watched: nobody is counted twice when it is back, and nobody for ever', async () => {
  const dataDir = tempDir();
  const crashed = await analyticsRig({ dataDir });
  const { clock, store } = crashed;
  for (const sid of ['a', 'b', 'c']) crashed.ask(1, sid);
  clock.advance(1000);
  await until('they are saved', async () => (await store.sessions.open('here')).length === 3);
  clock.advance(3000);
  const second = await analyticsRig({ dataDir, store, clock });
  second.ask(2, 'a');
  expect(second.analytics.viewers('st1')).toBe(3);
  clock.advance(120_000);
  expect(second.analytics.viewers('st1')).toBe(0);
  const third = await analyticsRig({ dataDir, store, clock });
  expect(third.analytics.viewers('st1')).toBe(0);
});

test('who was saved as nobody known and then reports is one session, also after a crash', async () => {
  const dataDir = tempDir();
  const { store, clock, ask, report, analytics } = await analyticsRig({ dataDir });
  ask(1);
  clock.advance(1000);
  await until('it is saved', async () => (await store.sessions.open('here')).length === 1);
  report('sid="a",e=t,sta=p');
  expect(analytics.viewers('st1')).toBe(1);
  await until('it is saved under its name alone', async () => {
    clock.advance(1000);
    const saved = await store.sessions.open('here');
    return saved.length === 1 && saved[0]?.key === 's a';
  });
  const next = await analyticsRig({ dataDir, store, clock });
  expect(next.analytics.viewers('st1')).toBe(1);
});

test('a row that could not be removed is removed later', async () => {
  const dataDir = tempDir();
  const opened = await openStore({ url: `sqlite:${join(dataDir, 'test.db')}` });
  onTestFinished(() => opened.close());
  let refusals = 2;
  const { sessions } = opened;
  const failing: Store['sessions'] = {
    ...sessions,
    save: (rows) => sessions.save(rows),
    open: (node) => sessions.open(node),
    remove: (ids) => (refusals-- > 0 ? Promise.reject(new Error('busy')) : sessions.remove(ids)),
    removeEndedBefore: (atMs, limit) => sessions.removeEndedBefore(atMs, limit),
  };
  const { clock, ask, report } = await analyticsRig({ dataDir, store: { ...opened, sessions: failing } });
  ask(1);
  clock.advance(1000);
  await until('it is saved', async () => (await sessions.open('here')).length === 1);
  report('sid="a",e=t,sta=p');
  await until('it is gone after all', async () => {
    clock.advance(1000);
    return (await sessions.open('here')).length === 1 && refusals < 0;
  });
});

test('sessions are removed when their time is over, and not before', async () => {
  const dataDir = tempDir();
  const { analytics, clock, store, ask } = await analyticsRig({ dataDir, retentionMs: 7_200_000 });
  ask(1, 'old');
  clock.advance(40_000);
  const kept = async () => {
    clock.advance(1000);
    return (await store.sessions.listEnded({ streamId: 'st1', limit: 9 })).items.length;
  };
  await until('it is kept', async () => (await kept()) === 1);
  clock.advance(7_000_000);
  for (let look = 0; look < 5; look++) expect(await kept()).toBe(1);
  clock.advance(3_700_000);
  await until('it is gone', async () => {
    return (await kept()) === 0;
  });
  await analytics.stop();
});

test('a store that takes nothing for a while loses no session that ended', async () => {
  const dataDir = tempDir();
  const store = await openStore({ url: `sqlite:${join(dataDir, 'test.db')}` });
  onTestFinished(() => store.close());
  let isDown = false;
  const sessions: Store['sessions'] = {
    ...store.sessions,
    save: (rows) => (isDown ? Promise.reject(new Error('down')) : store.sessions.save(rows)),
    open: (node) => store.sessions.open(node),
    remove: (ids) => store.sessions.remove(ids),
    listEnded: (filter) => store.sessions.listEnded(filter),
    removeEndedBefore: (atMs, limit) => store.sessions.removeEndedBefore(atMs, limit),
  };
  const { analytics, clock, ask } = await analyticsRig({ dataDir, store: { ...store, sessions } });
  isDown = true;
  ask(1, 'one');
  for (let second = 0; second < 40; second++) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  isDown = false;
  await until('it is kept after all', async () => {
    clock.advance(1000);
    return (await store.sessions.listEnded({ streamId: 'st1', limit: 9 })).items.length === 1;
  });
  expect(analytics.stats().rowsLost).toBe(0);
});

test('a session costs less than a kilobyte', async () => {
  const { analytics, ask } = await analyticsRig({ dataDir: tempDir() });
  const count = 10_000;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let viewer = 0; viewer < count; viewer++) ask(1, `00000000-0000-4000-8000-${String(viewer).padStart(12, '0')}`);
  collectGarbage();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  expect(analytics.viewers('st1')).toBe(count);
  expect(bytes).toBeLessThan(1024);
});
