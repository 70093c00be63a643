import { expect, test } from 'vitest';
import { audienceRig } from './audience-rig.ts';

/** As players do it: by the second of their own clock. */
const at = (seconds: number) => `ts=${500_000 + seconds * 1000}`;
const shown = (rig: ReturnType<typeof audienceRig>) => {
  const [session] = rig.sessions();
  const startMs = session?.startedAtMs ?? 0;
  const row = session?.row('st1', 'here');
  return row?.qualities.map(({ rendition, atMs }) => `${rendition} ${(atMs - startMs) / 1000}`);
};

test('who tells when it plays is believed, also after a start that was estimated from what it asked for', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.report(`sid="a",e=ps,sta=s,${at(0)}`);
  rig.clock.advance(900);
  rig.cmcd('sid="a",ot=v,bl=2000');
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 900, startupSource: 'est' });
  rig.report(`sid="a",e=ps,sta=r,${at(0.3)}`, `sid="a",e=ps,sta=p,${at(0.65)}`);
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 650, startupSource: 'cmcd2', stalls: 0, stallMs: 0 });
});

test('who says nothing before it plays has begun when it asked for something', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(640);
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`);
  expect(rig.sessions()[0]).toMatchObject({ startupMs: 640, startupSource: 'cmcd2' });
});

test('a player that is in a hurry again stands still, for as long as it is further behind live when it is not any more', () => {
  const rig = audienceRig();
  const ask = (text: string, seconds: number) => {
    rig.cmcd(`sid="a",ot=v,${text}`);
    rig.clock.advance(seconds * 1000);
  };
  ask('su', 0.5);
  ask('bl=900,ltc=1613', 0.5);
  ask('bl=500,ltc=1620', 5);
  for (let count = 0; count < 4; count++) ask('bl=0,ltc=5900,su', 0.2);
  ask('bl=800,ltc=6809', 0.5);
  ask('bl=1300,ltc=6810', 0.5);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 5189 });
  rig.report(`sid="a",e=t,${at(9)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 5189 });
});

test('who has starved by version 1 stood for as long as it is further behind live by its buffer, unless it says for how long', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=v,su,bl=0', { ageMs: 1500 });
  rig.cmcd('sid="a",ot=v,bl=1000', { ageMs: 1000 });
  rig.clock.advance(5000);
  rig.cmcd('sid="a",ot=v,bs,su,bl=0', { ageMs: 6000 });
  rig.cmcd('sid="a",ot=v,bl=1500', { ageMs: 4500 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 4000 });
  rig.clock.advance(5000);
  rig.cmcd('sid="a",ot=v,bs,bsd=3000,su,bl=0', { ageMs: 9000 });
  rig.cmcd('sid="a",ot=v,bl=1500', { ageMs: 7700 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 2, stallMs: 7000 });
});

test('a quality is seen when what was fetched before it has been shown', () => {
  const rig = audienceRig();
  let msn = 1;
  const ask = (rendition: string, bufferMs: number, seconds: number) => {
    rig.cmcd(`sid="a",ot=v,bl=${bufferMs}`, { rendition, msn: msn++ });
    rig.clock.advance(seconds * 1000);
  };
  ask('720p', 0, 2);
  ask('360p', 4000, 2);
  expect(shown(rig)).toEqual(['720p 0']);
  ask('360p', 4000, 2);
  ask('360p', 4000, 2);
  expect(shown(rig)).toEqual(['720p 0', '360p 6']);
});

test('who fetches the beginning again in another quality has never seen the first', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=v,su', { rendition: '180p', msn: 3 });
  rig.cmcd('sid="a",ot=v,su', { rendition: '180p', msn: 4 });
  rig.clock.advance(100);
  rig.cmcd('sid="a",ot=v,su', { rendition: 'source', msn: 3 });
  expect(shown(rig)).toEqual(['source 0.1']);
  expect(rig.sessions()[0]?.row('st1', 'here').qualities[0]?.reason).toBe('startup');
});

test('a quality was on screen when the page wrote it down, however long the report was on its way', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)},com.streamctl-watched=0,com.streamctl-qualities="0 0 source startup"`);
  rig.clock.advance(9000);
  rig.report(
    `sid="a",e=bc,sta=p,${at(2)},com.streamctl-watched=2000,com.streamctl-qualities="0 2000 source startup;1 500 360p bandwidth"`,
  );
  expect(shown(rig)).toEqual(['source 0', '360p 1.5']);
});

test('a player that says it starves while it has plenty to show has not stood still', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 500 });
  rig.clock.advance(4000);
  rig.cmcd('sid="a",ot=v,bs,su,bl=4900', { ageMs: 500 });
  rig.cmcd('sid="a",ot=a,bs,su,bl=4900', { ageMs: 500 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 0, stallMs: 0 });
});

test('a player that plays a little slower, or has not quite begun, does not stand still', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,ltc=7300');
  rig.clock.advance(1600);
  rig.cmcd('sid="a",ot=v,ltc=7900');
  for (const ltc of [7990, 8070]) {
    rig.clock.advance(2000);
    rig.cmcd(`sid="a",ot=v,ltc=${ltc}`);
  }
  rig.clock.advance(8600);
  rig.cmcd('sid="a",ot=v,ltc=8400');
  expect(rig.sessions()[0]).toMatchObject({ stalls: 0, stallMs: 0 });
  rig.clock.advance(2000);
  rig.cmcd('sid="a",ot=v,ltc=9000');
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 500 });
  rig.clock.advance(4000);
  rig.cmcd('sid="a",ot=v,ltc=12200');
  rig.clock.advance(100);
  rig.cmcd('sid="a",ot=v,ltc=12200');
  expect(rig.sessions()[0]).toMatchObject({ stalls: 2, stallMs: 3500 });
});

test.each([
  ['as far as it fell behind, though it skips to live then', 8500, 6000],
  ['not longer than what it had to show was at an end, though it asks again for what it has shown half', 11_500, 8100],
])('a player that says nothing but that it starves stood %s', (_, ageMs, stallMs) => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 500 });
  rig.clock.advance(10_000);
  rig.cmcd('sid="a",ot=v,bs,su,bl=0', { ageMs });
  rig.clock.advance(100);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 600 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs });
});

test('a player that asks first, and says then that it has starved, has stood for as long as it fell behind', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 500 });
  rig.clock.advance(10_000);
  rig.cmcd('sid="a",ot=v,bl=200', { ageMs: 8300 });
  rig.clock.advance(100);
  rig.cmcd('sid="a",ot=v,bs,su,bl=0', { ageMs: 6600 });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 6500 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 6000 });
});

test('a player that says it starves, and has not fallen behind, has not stood still', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a",ot=m,su', { kind: 'manifest' });
  rig.clock.advance(500);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 500 });
  rig.clock.advance(2000);
  rig.cmcd('sid="a",ot=v,bs,su,bl=1900', { ageMs: 600 });
  rig.clock.advance(2000);
  rig.cmcd('sid="a",ot=v,bl=2000', { ageMs: 550 });
  expect(rig.sessions()[0]).toMatchObject({ stalls: 0, stallMs: 0 });
});

test('a picture that stands for a moment only is not seen to stand', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`, `sid="a",e=ps,sta=r,${at(3)}`, `sid="a",e=ps,sta=p,${at(3.099)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 0, stallMs: 0 });
  rig.report(`sid="a",e=ps,sta=r,${at(5)}`, `sid="a",e=ps,sta=p,${at(5.1)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 100 });
});

test('a goodbye that is heard late was said when it was said', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`);
  const [session] = rig.sessions();
  rig.clock.advance(5000);
  rig.report(`sid="a",e=ps,sta=q,${at(4)}`);
  expect(session!.endedAtMs! - session!.startedAtMs).toBe(4000);
});

test('the state that comes with a response is that of when it came, and its time when it was asked for', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=p,${at(0)}`, `sid="a",e=t,sta=p,${at(6)}`, `sid="a",e=ps,sta=r,${at(7)}`);
  rig.report(`sid="a",e=rr,rc=200,sta=r,ttlb=7000,${at(5)}`, `sid="a",e=ps,sta=p,${at(12)}`);
  rig.report(`sid="a",e=rr,rc=200,sta=p,ttlb=2000,${at(11)}`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 5000, watchMs: 7000 });
});

test('totals of a page that come late take nothing back, and its errors count once', () => {
  const rig = audienceRig();
  const totals = (stalls: number, stalledMs: number) =>
    `com.streamctl-watched=${9000 - stalledMs},com.streamctl-stalls=${stalls},com.streamctl-stalled=${stalledMs}`;
  rig.report(`sid="a",e=e,sta=r,${at(9)},${totals(2, 900)},com.streamctl-errors=1`);
  rig.report(`sid="a",e=t,sta=p,${at(7)},${totals(1, 400)},com.streamctl-errors=0`);
  expect(rig.sessions()[0]).toMatchObject({ stalls: 2, stallMs: 900, watchMs: 8600, errors: 1 });
});

test('what was fetched and thrown away, or comes after the end, was never seen', () => {
  const rig = audienceRig();
  const ask = (rendition: string, bufferMs: number, seconds: number) => {
    rig.cmcd(`sid="a",ot=v,bl=${bufferMs}`, { rendition });
    rig.clock.advance(seconds * 1000);
  };
  ask('360p', 0, 2);
  ask('360p', 6000, 2);
  ask('720p', 6000, 1);
  ask('360p', 2000, 2);
  ask('360p', 2000, 8);
  ask('720p', 3000, 1);
  rig.report(`sid="a",e=ps,sta=q,${at(0)}`);
  expect(rig.table.streams.get('st1')?.sessions.get('s a')?.row('st1', 'here').qualities).toHaveLength(1);
});

test('behind a cache the qualities are those that the player says it was answered, by whomever', () => {
  const rig = audienceRig();
  rig.cmcd('sid="a"', { rendition: '1080p', isBehindProxy: true });
  const behind = (text: string) => rig.take({ kind: 'report', text: `${text}\n`, isBehindProxy: true });
  behind(`sid="a",e=ps,sta=s,${at(0)}`);
  for (const [rendition, seconds, more = ''] of [
    ['720p', 0.2],
    ['audio', 0.3],
    ['720p', 2],
    ['360p', 4, ',bl=(1500;v)'],
    ['360p', 6],
    ['480p', 7, ',bl=(0;v 2000;a),dl=2100,ttlb=2000'],
  ] as const) {
    rig.clock.advance(2000);
    behind(
      `sid="a",e=rr,${at(seconds)},rc=200,url="https://live.example.org/hls/st1/${rendition}/segment-7.1.m4s"${more}`,
    );
  }
  behind(`sid="a",e=rr,${at(8)},rc=404,url="https://live.example.org/hls/st1/1080p/segment-9.1.m4s"`);
  rig.cmcd('sid="a"', { rendition: '1080p', isBehindProxy: true });
  expect(shown(rig)).toEqual(['720p 0.2', '360p 5.5', '480p 9.1']);

  const seen = audienceRig();
  seen.cmcd('sid="b"', { rendition: '1080p' });
  seen.report(`sid="b",e=rr,${at(0)},rc=200,url="https://live.example.org/hls/st1/720p/segment-7.1.m4s"`);
  expect(shown(seen)).toEqual(['1080p 0']);
});

test('who asks for the same once more in another quality never sees what it asked for before', () => {
  const rig = audienceRig();
  const ask = (rendition: string, msn: number, index = 0) => {
    rig.clock.advance(1000);
    rig.cmcd('sid="a",ot=v,bl=0', { rendition, msn, index, kind: 'part' });
  };
  ask('360p', 1);
  ask('720p', 2);
  ask('360p', 2);
  expect(shown(rig)).toEqual(['360p 0']);
  ask('720p', 3);
  ask('360p', 3, 2);
  expect(shown(rig)).toEqual(['360p 0', '720p 3', '360p 4']);
});

test('what a player waited for while its picture stood came on screen when that moved again', () => {
  const rig = audienceRig();
  rig.report(`sid="a",e=ps,sta=s,${at(0)}`, `sid="a",e=ps,sta=p,${at(0)}`);
  rig.cmcd('sid="a",ot=v,bl=0', { rendition: '720p' });
  rig.clock.advance(5000);
  rig.cmcd('sid="a",ot=v,bl=800', { rendition: '360p', msn: 2 });
  rig.clock.advance(1000);
  rig.report(`sid="a",e=ps,sta=r,${at(6)}`);
  rig.clock.advance(7000);
  rig.report(`sid="a",e=ps,sta=p,${at(13)}`);
  expect(shown(rig)).toEqual(['720p 0', '360p 13']);
});

test('who measures how far behind live it is, and waits for what is on its way, stood for as long as it fell behind', () => {
  const rig = audienceRig();
  for (const latency of [undefined, 1600, 1650, 3990, 3990]) {
    rig.cmcd(`sid="a",ot=v,${latency === undefined ? 'su' : `ltc=${latency}`}`);
    rig.clock.advance(2000);
  }
  expect(rig.sessions()[0]).toMatchObject({ stalls: 1, stallMs: 2240 });
});

test('who only later says that it plays DASH is the one that has asked for that', () => {
  const rig = audienceRig();
  rig.take({ isDash: true, isBehindProxy: true });
  rig.report(`sid="a",e=t,${at(0)}`);
  rig.take({ isDash: true, isBehindProxy: true, msn: 2 });
  rig.report(`sid="a",e=t,sf=d,${at(1)}`);
  rig.take({ isDash: true, isBehindProxy: true, msn: 3 });
  expect(rig.sessions()).toMatchObject([{ key: 's a', format: 'dash' }]);
});
