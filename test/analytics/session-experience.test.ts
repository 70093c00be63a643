import { expect, test } from 'vitest';
import { audienceRig } from './audience-rig.ts';

/** Events of one player, by the second of its own clock, which has nothing to do with ours. */
const at = (seconds: number) => `ts=${500_000 + seconds * 1000}`;

test('start-up of an event player is from its first event to the first time it plays', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=t,${at(0)}`, `sid="a",e=ps,sta=s,${at(0.1)}`, `sid="a",e=ps,sta=p,${at(0.7)}`);
  rig.report(`sid="a",e=ps,sta=a,${at(9)}`, `sid="a",e=ps,sta=p,${at(10)}`);
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 700, startupSource: 'cmcd2', stalls: 0 });
});

test('rebuffering before the first picture is the start and no stall: dash.js and shaka say it then', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=r,${at(0)}`, `sid="a",e=ps,sta=k,${at(0.2)}`, `sid="a",e=ps,sta=p,${at(0.9)}`);
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 900, startupSource: 'cmcd2', stalls: 0, stallMs: 0 });
});

test('a stall is from rebuffering to playing, also where shaka says seeking in between', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=s,${at(0)}`, `sid="a",e=ps,sta=p,${at(1)}`);
  rig.report(`sid="a",e=ps,sta=r,${at(5)}`, `sid="a",e=ps,sta=p,${at(8.734)}`);
  rig.report(`sid="a",e=ps,sta=r,${at(10)}`, `sid="a",e=ps,sta=k,${at(11)}`, `sid="a",e=ps,sta=p,${at(12)}`);
  const [session] = rig.sessions();
  expect(session).toMatchObject({ stalls: 2, stallMs: 5734 });
  rig.report(`sid="a",e=ps,sta=e,${at(20)}`);
  expect(session?.watchMs).toBe(4000 + 1266 + 8000);
});

test('a player that says that it plays, and leaves without a word, has watched until it was last heard of', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`);
  for (let second = 0; second < 12; second++) {
    rig.pass(1);
    rig.cmcd('sid="a",ot=v', { msn: second });
  }
  rig.pass(30);
  expect(rig.ended).toMatchObject([{ watchMs: 12_000 }]);
});

test('a player that says nothing but that it leaves has watched from its first media to its last', () => {
  const rig = audienceRig();
  for (let second = 0; second < 12; second++) {
    rig.cmcd('sid="a",ot=v', { msn: second });
    rig.pass(1);
  }
  rig.report(`sid="a",e=ps,sta=q,${at(12)}`);
  rig.pass(1);
  expect(rig.ended).toMatchObject([{ watchMs: 11_000 }]);
});

test('a seek of the viewer is no stall', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`, `sid="a",e=ps,sta=k,${at(5)}`, `sid="a",e=ps,sta=p,${at(6)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 0, stallMs: 0 });
});

test('a stall that lasts is counted while it lasts, and reports that were late change nothing', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`, `sid="a",e=ps,sta=r,${at(5)}`);
  rig.report(`sid="a",e=ps,sta=p,${at(3)}`);
  rig.pass(4);
  rig.report(`sid="a",e=t,sta=r,${at(9)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 4000 });
});

test('version 1 gives starts as an upper bound, and a count of stalls: one for sound and picture together', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'multivariant' });
  rig.clock.advance(300);
  rig.cmcd('sid="a",ot=v,bl=0,bs,su,br=1200');
  rig.clock.advance(400);
  rig.cmcd('sid="a",ot=v,bl=2000,br=1200', { msn: 2 });
  rig.cmcd('sid="a",ot=v,bs,su', { msn: 3 });
  rig.cmcd('sid="a",ot=a,bs,su', { msn: 3, isAudio: true });
  rig.clock.advance(1500);
  rig.cmcd('sid="a",ot=v,bs', { msn: 4 });
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 700, startupSource: 'est', stalls: 2, stallMs: 0 });
});

test('msd counts where it can be true: shaka sends it once, dash.js while it still starts', () => {
  const shaka = audienceRig();
  shaka.cmcd('sid="a",msd=865,ot=v,sf=h');
  expect(shaka.sessions()[0]).toMatchObject({ startupMs: 865, startupSource: 'msd' });
  const dash = audienceRig();
  dash.cmcd('sid="a",msd=1,ot=m,sta=s');
  dash.report(`sid="a",e=rr,msd=420,sta=s,${at(0)}`);
  dash.cmcd('sid="a",msd=1795341545680,ot=v');
  expect(dash.sessions()[0]?.startupMs).toBeUndefined();
});

test('a better source of the start replaces a worse one, and never the other way', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",msd=900,ot=v');
  rig.report('sid="a",e=ps,sta=p,ts=1000,com.streamctl-startup=612,com.streamctl-watched=0');
  rig.cmcd('sid="a",msd=900,ot=v');
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 612, startupSource: 'beacon' });
});

test('what the page tells of itself holds: its totals, not what can be seen from here', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=v', { rendition: '360p' });
  const page = (members: string) => rig.report(`sid="a",e=t,sta=p,com.streamctl-player="hls.js 1.7.4",${members}`);
  page(
    'com.streamctl-watched=4000,com.streamctl-stalls=1,com.streamctl-stalled=250,com.streamctl-qualities="0 3000 360p startup;1 500 720p bandwidth"',
  );
  page(
    'com.streamctl-watched=9000,com.streamctl-stalls=2,com.streamctl-stalled=900,com.streamctl-qualities="0 8000 360p startup;1 5500 720p bandwidth;2 100 360p buffer",com.streamctl-frames=250,com.streamctl-dropped=3,com.streamctl-errors=1',
  );
  rig.cmcd('sid="a",ot=v,bs', { rendition: '1080p' });
  const nowMs = rig.clock.wallMs();
  expect(rig.sessions()[0]).toMatchObject({
    ...{
      player: 'hls.js 1.7.4',
      watchMs: 9000,
      stalls: 2,
      stallMs: 900,
      errors: 1,
      totalFrames: 250,
      droppedFrames: 3,
    },
    qualities: [
      { atMs: nowMs - 3000, rendition: '360p', reason: 'startup' },
      { atMs: nowMs - 500, rendition: '720p', reason: 'bandwidth' },
      { atMs: nowMs - 100, rendition: '360p', reason: 'buffer' },
    ],
  });
});

test('a page that says no more goes on as it last said, for as long as it asks for something', () => {
  const rig = audienceRig();
  const says = (state: string, watched: number, stalls: number, stalled: number) =>
    rig.report(
      `sid="a",e=ps,sta=${state},com.streamctl-watched=${watched},com.streamctl-stalls=${stalls},com.streamctl-stalled=${stalled}`,
    );
  const asksFor = (seconds: number) => {
    rig.clock.advance(seconds * 1000);
    rig.cmcd('sid="a"');
  };
  says('p', 0, 0, 0);
  asksFor(7);
  expect(rig.sessions()[0]).toMatchObject({ watchMs: 7000, stallMs: 0 });
  says('r', 7000, 1, 0);
  asksFor(2);
  expect(rig.sessions()[0]).toMatchObject({ watchMs: 7000, stallMs: 2000 });
  rig.clock.advance(5000);
  expect(rig.sessions()[0]).toMatchObject({ watchMs: 7000, stallMs: 2000 });
  rig.clock.advance(5000);
  says('r', 7000, 1, 12_000);
  asksFor(1);
  expect(rig.sessions()[0]).toMatchObject({ watchMs: 7000, stallMs: 13_000 });
  says('p', 7500, 1, 12_500);
  expect(rig.sessions()[0]).toMatchObject({ watchMs: 7500, stallMs: 12_500 });
});

test('quality changes are seen in what is asked for, of picture and not of sound', () => {
  const rig = audienceRig();
  const ask = (rendition: string, msn: number, members = {}) =>
    rig.cmcd('sid="a",mtp=3000', { rendition, msn, ...members });
  ask('720p', 1);
  ask('audio', 1, { isAudio: true });
  ask('720p', 2);
  ask('360p', 3, { status: 404 });
  ask('360p', 4);
  ask('720p', 5);
  expect(rig.sessions()[0]?.qualities.map(({ rendition, reason }) => `${rendition} ${reason}`)).toEqual([
    '720p startup',
    '360p bandwidth',
    '720p bandwidth',
  ]);
});

test('a player that changes its quality all the time keeps the newest fifty changes', () => {
  const rig = audienceRig();
  for (let msn = 1; msn <= 300; msn++) rig.cmcd('sid="a"', { msn, rendition: msn % 2 === 0 ? '720p' : '360p' });
  expect(rig.sessions()[0]?.qualities).toHaveLength(50);
});

test('latency is what the player says, or else how old is what it asks for and how much it has before that', () => {
  const said = audienceRig();
  said.cmcd('sid="a",ot=v,ltc=2058', { ageMs: 9000 });
  expect(said.sessions()[0]?.latencyMs).toBe(2058);
  const derived = audienceRig();
  derived.cmcd('sid="a",ot=v,bl=1500', { ageMs: 2100 });
  expect(derived.sessions()[0]?.latencyMs).toBe(3600);
  const negative = audienceRig();
  negative.cmcd('sid="a",ot=v,ltc=-558,bl=1000', { ageMs: 1500 });
  expect(negative.sessions()[0]?.latencyMs).toBe(2500);
});

test('errors are counted once: those of requests here where requests are known, else those that are told', () => {
  const seen = audienceRig();
  seen.cmcd('sid="a",ot=v', { status: 404 });
  seen.cmcd('sid="a",ot=v', { kind: 'part', status: 404 });
  seen.report('sid="a",e=rr,rc=404', 'sid="a",e=e,ec=("bufferStalledError")');
  expect(seen.sessions()[0]?.errors).toBe(2);
  const told = audienceRig();
  told.report('sid="a",e=rr,rc=404', 'sid="a",e=rr,rc=200', 'sid="a",e=rr,rc=503');
  expect(told.sessions()[0]?.errors).toBe(2);
});

test('what hls.js asks for next is never fetched, and no other key moves anything', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=v,nor=("http://169.254.169.254/latest/meta-data"),nrr="0-9"');
  rig.report('sid="a",e=rr,url="http://127.0.0.1:1/x",cen="x"');
  expect(rig.viewers()).toBe(1);
});
