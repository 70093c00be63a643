import { expect, test } from 'vitest';
import { audienceRig } from './audience-rig.ts';

/** The session of `before` as the store has it, gone on with by a new server ten seconds later. */
function restarted(before: ReturnType<typeof audienceRig>): ReturnType<typeof audienceRig> {
  const rig = audienceRig();
  rig.clock.advance(before.clock.wallMs() - rig.clock.wallMs() + 10_000);
  rig.table.restore(before.sessions()[0]!.row('st1', 'test'));
  return rig;
}

test('after a restart of the server, only what stands from then on is taken off what it watches', () => {
  const before = audienceRig();
  before.cmcd('sid="a",ot=v,su,bl=0');
  before.clock.advance(500);
  before.cmcd('sid="a",ot=v,bl=2000', { msn: 2 });
  before.clock.advance(10_000);
  before.cmcd('sid="a",ot=v,bs,bsd=4000,bl=2000', { msn: 7 });
  expect(before.sessions()[0]).toMatchObject({ watchMs: 6500, stalls: 1, stallMs: 4000 });

  const after = restarted(before);
  after.cmcd('sid="a",ot=v,bl=2000', { msn: 12 });
  expect(after.sessions()[0]).toMatchObject({ watchMs: 6500, stalls: 1, stallMs: 4000 });
  after.clock.advance(20_000);
  after.cmcd('sid="a",ot=v,bl=2000', { msn: 22 });
  expect(after.sessions()[0]).toMatchObject({ watchMs: 26_500, stalls: 1, stallMs: 4000 });
  after.clock.advance(5000);
  after.cmcd('sid="a",ot=v,bs,bsd=1000,bl=2000', { msn: 24 });
  expect(after.sessions()[0]).toMatchObject({ watchMs: 30_500, stalls: 2, stallMs: 5000 });
});

test('after a restart of the server, what was watched until the player tells of its state again is kept', () => {
  const at = (seconds: number) => `ts=${before.clock.wallMs() + seconds * 1000}`;
  const before = audienceRig();
  before.report(`sid="a",e=ps,sta=s,${at(0)}`, `sid="a",e=ps,sta=p,${at(1)}`);
  before.pass(10);
  before.report(`sid="a",e=t,sta=p,${at(0)}`);
  const watchedMs = before.sessions()[0]!.watchMs;

  const after = restarted(before);
  after.cmcd('sid="a",ot=v,bl=2000', { msn: 12 });
  after.clock.advance(20_000);
  after.cmcd('sid="a",ot=v,bl=2000', { msn: 22 });
  expect(after.sessions()[0]?.watchMs).toBe(watchedMs + 20_000);
  after.report('sid="a",e=ps,sta=r');
  expect(after.sessions()[0]?.watchMs).toBe(watchedMs + 20_000);
});

test('what a player fetches before it tells that it plays is not watched', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=v,su,bl=0');
  rig.clock.advance(2000);
  rig.cmcd('sid="a",ot=v,su,bl=2000', { msn: 2 });
  rig.report('sid="a",e=ps,sta=p');
  expect(rig.sessions()[0]?.watchMs).toBe(0);
});

test('nothing is known of stalls until something tells of them: CMCD of requests, states, or the page', () => {
  const row = (rig: ReturnType<typeof audienceRig>) => rig.sessions()[0]!.row('st1', 'test');
  const silent = audienceRig();
  silent.take({});
  silent.clock.advance(9000);
  silent.take({ msn: 3 });
  expect(row(silent)).toMatchObject({ watchMs: 9000, stalls: null, stallMs: null });
  const mute = audienceRig();
  mute.report('sid="a",e=rr,rc=200');
  expect(row(mute)).toMatchObject({ stalls: null, stallMs: null });
  for (const text of ['sid="a",e=ps,sta=p', 'sid="a",e=t,com.streamctl-watched=0']) {
    const rig = audienceRig();
    rig.report(text);
    expect(row(rig)).toMatchObject({ stalls: 0, stallMs: 0 });
  }
  const asking = audienceRig();
  asking.cmcd('sid="a",ot=v');
  expect(row(asking)).toMatchObject({ stalls: 0, stallMs: 0 });
  expect(row(restarted(asking))).toMatchObject({ stalls: 0, stallMs: 0 });
  expect(row(restarted(silent))).toMatchObject({ stalls: null, stallMs: null });
});
