import { expect, test } from 'vitest';
import type { ViewerEvent } from '../../src/delivery/viewer-events/event-reader.ts';
import { audienceRig, someone, stream } from './audience-rig.ts';

/** So many players that say nothing of themselves, over so many seconds of 2 s segments. */
function play(
  rig: ReturnType<typeof audienceRig>,
  count: number,
  { from = 1, segments = 6, members = (_player: number): Partial<ViewerEvent> => ({}) } = {},
): number {
  for (let msn = from; msn < from + segments; msn++) {
    for (let player = 0; player < count; player++) {
      rig.take({ kind: 'playlist', connection: 10 * player, ...members(player) });
      rig.take({ msn, connection: 10 * player, ...members(player) });
      rig.take({ msn, connection: 10 * player + 1, rendition: 'audio', isAudio: true, ...members(player) });
    }
    rig.pass(2);
  }
  return from + segments;
}

test('players that say who they are are counted by that, whatever connections and addresses they share', () => {
  const rig = audienceRig();
  for (const sid of ['a', 'b', 'c']) for (let msn = 1; msn < 5; msn++) rig.cmcd(`sid="${sid}",ot=v,sf=h`, { msn });
  rig.cmcd('sid="a",ot=m', { kind: 'playlist', viewer: { ...someone, network: '198.51.100.0/24' } });
  expect(rig.viewers()).toBe(3);
});

test('a request without CMCD on the connection of a player that sends it elsewhere is its own', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m', { kind: 'multivariant', connection: 7 });
  rig.take({ connection: 7, msn: 1 });
  rig.take({ kind: 'playlist', connection: 7 });
  expect(rig.viewers()).toBe(1);
  expect(rig.sessions()[0]).toMatchObject({ key: 's a', bytes: 3000 });
});

test('who only looks whether there is a broadcast, or is refused, is no viewer', () => {
  const rig = audienceRig();
  rig.take({ kind: 'multivariant' });
  rig.take({ kind: 'manifest' });
  rig.take({ kind: 'init' });
  rig.take({ status: 404 });
  rig.take({ kind: 'playlist', status: 403 });
  expect(rig.viewers()).toBe(0);
});

for (const count of [1, 2, 3, 7, 300]) {
  test(`players that say nothing, of one network and of one kind, are as many as ask for the same segment: ${count}`, () => {
    const rig = audienceRig();
    play(rig, count);
    expect(rig.viewers()).toBe(count);
    rig.pass(1);
    expect(rig.viewers()).toBe(count);
  });
}

test('behind a proxy that mixes them all on one connection they are counted the same', () => {
  const rig = audienceRig();
  play(rig, 5, { members: () => ({ connection: 1, isBehindProxy: true }) });
  expect(rig.viewers()).toBe(5);
});

test('players at different qualities, and with parts and without, are counted together', () => {
  const rig = audienceRig();
  play(rig, 4, {
    members: (player) => ({ rendition: player % 2 === 0 ? '720p' : '360p', ...(player < 2 ? { kind: 'part' } : {}) }),
  });
  expect(rig.viewers()).toBe(4);
});

test('networks, kinds of player, signed links, HLS and DASH are counted apart', () => {
  const rig = audienceRig();
  play(rig, 5, {
    members: (player) => ({
      isDash: player === 4,
      viewer: [
        someone,
        { ...someone, network: '198.51.100.0/24' },
        { ...someone, userAgent: 'VLC/3' },
        { ...someone, token: 'abc' },
        someone,
      ][player],
    }),
  });
  expect(rig.viewers()).toBe(5);
});

test('a player that asks again for what failed, over another connection too, stays one', () => {
  const rig = audienceRig();
  for (let msn = 1; msn < 12; msn++) {
    rig.take({ msn });
    if (msn % 4 === 0) rig.take({ msn, connection: 2, rendition: '360p' });
    rig.pass(2);
  }
  expect(rig.viewers()).toBe(1);
});

test('a page that is loaded anew, and asks for the last segments again, stays one viewer', () => {
  const rig = audienceRig();
  play(rig, 1, { segments: 5 });
  for (const msn of [4, 5]) rig.take({ msn, connection: 2 });
  play(rig, 1, { from: 6 });
  expect(rig.viewers()).toBe(1);
});

test('where only playlists are asked for, one player asks about once a target duration, or once a part', () => {
  const rig = audienceRig();
  for (let second = 0; second < 24; second++) {
    for (let player = 0; player < 3; player++) if (second % 2 === 0) rig.take({ kind: 'playlist' });
    rig.pass(1);
  }
  expect(rig.viewers()).toBe(3);
  const quick = audienceRig();
  for (let half = 0; half < 48; half++) {
    for (let player = 0; player < 2; player++) quick.take({ kind: 'playlist', isReload: true });
    quick.clock.advance(500);
    quick.table.sweep();
  }
  expect(quick.viewers()).toBe(2);
});

test('one of several who leaves is soon not counted any more, and its session ends half a minute later', () => {
  const rig = audienceRig();
  const next = play(rig, 3, { segments: 8 });
  play(rig, 2, { from: next, segments: 4 });
  expect(rig.viewers()).toBe(2);
  expect(rig.sessions()).toHaveLength(3);
  play(rig, 2, { from: next + 4, segments: 14 });
  expect(rig.viewers()).toBe(2);
  expect(rig.ended).toHaveLength(1);
});

for (const left of [1, 2, 4]) {
  test(`behind a proxy that mixes them those who leave are not counted either: ${left} of 5 stay`, () => {
    const rig = audienceRig();
    const members = () => ({ connection: 1, isBehindProxy: true });
    const next = play(rig, 5, { segments: 6, members });
    play(rig, left, { from: next, segments: 5, members });
    expect(rig.viewers()).toBe(left);
    play(rig, left, { from: next + 5, segments: 13, members });
    expect(rig.ended).toHaveLength(5 - left);
  });
}

for (const [targetDurationMs, watchesSeconds, lastsSeconds] of [
  [2000, 6, 30],
  [1000, 5, 30],
  [10_000, 30, 60],
] as const) {
  test(`who asks for nothing more watches for ${watchesSeconds} s, and its session ends after ${lastsSeconds} s as it was last seen: ${targetDurationMs} ms segments`, () => {
    const rig = audienceRig();
    rig.cmcd('sid="a"', { stream: { ...stream, targetDurationMs } });
    const seenAtMs = rig.clock.wallMs();
    rig.pass(watchesSeconds - 1);
    expect(rig.viewers()).toBe(1);
    rig.pass(1);
    expect(rig.viewers()).toBe(0);
    rig.pass(lastsSeconds - watchesSeconds - 1);
    expect(rig.sessions()).toHaveLength(1);
    rig.pass(1);
    expect(rig.sessions()).toHaveLength(0);
    expect(rig.ended).toMatchObject([{ key: 's a', endedAtMs: seenAtMs }]);
  });
}

test.each([3_600_000, -3_600_000])('a wall clock that is set by %d ms ends no session and makes none', (setByMs) => {
  const rig = audienceRig();
  rig.clock.setWallBy(12 * 3_600_000); // away from midnight, when nameless viewers get other keys
  const askAll = (msn: number) => {
    for (const sid of ['a', 'b']) rig.cmcd(`sid="${sid}",ot=v,sf=h`, { msn });
    rig.take({ kind: 'playlist', connection: 9 });
    rig.take({ msn, connection: 9 });
  };
  for (let msn = 1; msn < 4; msn++, rig.pass(2)) askAll(msn);
  const before = rig.sessions().map(({ key }) => key);
  rig.clock.setWallBy(setByMs);
  for (let msn = 4; msn < 7; msn++, rig.pass(2)) askAll(msn);
  expect(rig.viewers()).toBe(3);
  expect(rig.sessions().map(({ key }) => key)).toEqual(before);
  expect(rig.ended).toEqual([]);
});

test('who was silent for a moment and asks again goes on with its session', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a"');
  rig.pass(20);
  expect(rig.viewers()).toBe(0);
  rig.cmcd('sid="a"');
  expect(rig.viewers()).toBe(1);
  expect(rig.ended).toEqual([]);
});

test('who asks a cache, and only reports here, watches until it has not reported for half a minute', () => {
  const rig = audienceRig();
  rig.report('sid="a",e=ps,sta=p');
  rig.pass(29);
  expect(rig.viewers()).toBe(1);
  rig.pass(1);
  expect(rig.viewers()).toBe(0);
});

test('who reports every ten seconds, and asks here only for what a cache has not, watches all the time', () => {
  const rig = audienceRig();
  rig.report('sid="a",e=t,sta=p');
  rig.cmcd('sid="a"', { kind: 'playlist' });
  for (let report = 0; report < 5; report++) {
    rig.report('sid="a",e=t,sta=p');
    for (let second = 0; second < 10; second++) {
      rig.pass(1);
      expect(rig.viewers()).toBe(1);
    }
  }
  rig.pass(5);
  expect(rig.viewers()).toBe(0);
});

for (const state of ['e', 'q', 'f']) {
  test(`a player that says that it is over (sta=${state}) is gone at once, and what was on its way brings it not back`, () => {
    const rig = audienceRig();
    rig.cmcd('sid="a"');
    rig.report(`sid="a",e=ps,sta=${state},ts=1`);
    expect(rig.viewers()).toBe(0);
    rig.cmcd('sid="a"');
    expect(rig.viewers()).toBe(0);
    rig.pass(1);
    expect(rig.ended).toHaveLength(1);
  });
}

test('a page that was left and comes back goes on with its session', () => {
  const rig = audienceRig();
  rig.report('sid="a",e=ps,sta=q,ts=1,com.streamctl-watched=5000');
  rig.pass(10);
  rig.report('sid="a",e=t,sta=p,ts=11000,com.streamctl-watched=5500');
  expect(rig.viewers()).toBe(1);
  rig.report('sid="a",e=ps,sta=q,ts=12000,com.streamctl-watched=6000');
  rig.pass(1);
  expect(rig.ended).toHaveLength(2);
  expect(rig.ended[1]).toBe(rig.ended[0]);
  expect(rig.ended[1]?.watchMs).toBe(6000);
});

test('a player that reports, and whose requests say nothing, is one viewer and not two', () => {
  const rig = audienceRig();
  const next = play(rig, 2, { segments: 4 });
  expect(rig.viewers()).toBe(2);
  rig.report('sid="a",e=t,sta=p');
  rig.report('sid="b",e=t,sta=p');
  play(rig, 2, { from: next });
  expect(rig.viewers()).toBe(2);
  expect(
    rig
      .sessions()
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['s a', 's b']);
  expect(rig.ended).toEqual([]);
});

test('sessions that there is no room for are dropped and counted, and none that is there', () => {
  const rig = audienceRig({ maxSessions: 3 });
  for (let viewer = 0; viewer < 5; viewer++) rig.cmcd(`sid="${viewer}"`);
  expect(rig.viewers()).toBe(3);
  expect(rig.table.sessionsDropped).toBe(2);
  rig.cmcd('sid="0"');
  expect(rig.table.sessionsDropped).toBe(2);
});

test('invented sessions are bounded for each network, whatever stands in the reports', () => {
  const rig = audienceRig({ maxReportedPerNetwork: 10 });
  for (let viewer = 0; viewer < 500; viewer++) rig.report(`sid="${viewer}",e=t`);
  expect(rig.viewers()).toBe(10);
  rig.pass(2);
  for (let viewer = 500; viewer < 900; viewer++) rig.report(`sid="${viewer}",e=t`);
  expect(rig.viewers()).toBe(10);
  rig.take({ kind: 'report', text: 'sid="honest",e=t', viewer: { ...someone, network: '198.51.100.0/24' } });
  expect(rig.viewers()).toBe(11);
});

test('who watches without a name takes no room of those who report', () => {
  const rig = audienceRig({ maxReportedPerNetwork: 3 });
  play(rig, 5, { segments: 4 });
  rig.report('sid="a",e=t,sf=d');
  expect(rig.sessions().map(({ isNamed }) => isNamed)).toEqual([false, false, false, false, false, true]);
  expect(rig.table.sessionsDropped).toBe(0);
});

test('reports of streams that are not here are dropped and counted', () => {
  const rig = audienceRig();
  rig.take({ kind: 'report', stream: undefined, text: 'sid="a",cid="nowhere"' });
  expect(rig.table.streams.size).toBe(0);
  expect(rig.table.reportsDropped).toBe(1);
});

test('who watches over midnight is not counted twice, and nobody is known by the key of the day before', () => {
  const rig = audienceRig();
  rig.clock.advance(86_400_000 - 10_000);
  const next = play(rig, 2, { segments: 4 });
  const keysBefore = rig.sessions().map(({ key }) => key.split(' ')[1]);
  rig.clock.advance(3000);
  // Another thread has never heard of them.
  const again = { ...someone };
  play(rig, 2, { from: next, segments: 8, members: () => ({ viewer: again, connection: 99 }) });
  expect(rig.viewers()).toBe(2);
  rig.clock.advance(7_200_000);
  rig.table.sweep();
  play(rig, 1, { from: 1000, members: () => ({ viewer: { ...someone } }) });
  expect(keysBefore).not.toContain(rig.sessions()[0]?.key.split(' ')[1]);
});
