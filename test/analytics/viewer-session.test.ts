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
