import { expect, test } from 'vitest';
import { Broadcasts } from '../../src/stream/broadcasts.ts';
import { Broadcast, play, sourceUnits, videoConfig } from '../packager/broadcast.ts';

function setUp() {
  const broadcast = new Broadcast();
  const stalls: number[] = [];
  const broadcasts = new Broadcasts(
    broadcast.clock,
    () => broadcast.stream,
    (stalledMs) => stalls.push(stalledMs),
  );
  const connection = (id: string) => ({
    id,
    remoteAddress: '127.0.0.1',
    encoder: '',
    dismiss: (why: string) => broadcast.dismissals.push(`${id} ${why}`),
  });
  const open = (id: string) => broadcasts.open({ channel: 'show' }, connection(id));
  return { broadcast, broadcasts, stalls, open };
}

test('a process that stood still does not take what it had not read for silence', () => {
  const { broadcast, broadcasts, stalls, open } = setUp();
  const publication = open('a');
  publication.videoConfig(videoConfig);
  const units = sourceUnits({ fps: 30, gopFrames: 60, seconds: 30, audio: false });
  play(
    broadcast,
    publication,
    units.filter((unit) => unit.dtsMs < 5000),
  );
  broadcasts.tick();
  broadcast.clock.advance(20_000);
  broadcasts.tick();
  for (const unit of units.filter((one) => one.dtsMs >= 5000 && one.dtsMs < 25_000)) publication.accessUnit(unit);
  broadcast.clock.advance(100);
  broadcasts.tick();
  expect(stalls).toEqual([19_800]);
  expect(broadcast.packager.counters.gapSegments).toBe(0);
  expect(broadcast.segments('source').every((segment) => segment.parts[0]!.isIndependent)).toBe(true);
});

test('a channel has one broadcast, which the newest publisher takes over', () => {
  const { broadcast, broadcasts, open } = setUp();
  open('a');
  open('b');
  expect(broadcast.dismissals).toEqual(['a replaced']);
  expect(broadcasts.streams).toHaveLength(1);
  expect(broadcasts.find('show')).toBe(broadcasts.find('st_1'));
});

test('publishers that push each other out more than five times a minute are slowed, not refused', async () => {
  const { broadcast, broadcasts, open } = setUp();
  for (const id of ['a', 'b', 'c', 'd', 'e']) open(id);
  const { signal } = new AbortController();
  await broadcasts.takeoverTurn('show', signal);
  open('f');
  let isFree = false;
  const turn = broadcasts.takeoverTurn('show', signal).then(() => {
    isFree = true;
  });
  broadcast.clock.advance(2900);
  await Promise.resolve();
  expect(isFree).toBe(false);
  broadcast.clock.advance(200);
  await turn;
  expect(isFree).toBe(true);
});
