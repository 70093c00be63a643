import { expect, test } from 'vitest';
import type { plannedRungs } from './feeder.ts';
import { parseMedia, parseMultivariant } from './strict-playlist.ts';
import { ask, get, getText, header, rig, text } from './viewer.ts';

const url = '/hls/st1/index.m3u8';

/** A source with sound that has run for a while, and a plan. */
function live(...names: (keyof typeof plannedRungs)[]) {
  const made = rig();
  const source = made.feeder.video();
  const audio = made.feeder.audio();
  made.feeder.plan(...names);
  const next = () => {
    source.segment({ partBytes: 400_000 });
    audio.segment({ partBytes: 8000 });
  };
  next();
  return { ...made, source, audio, next };
}

/** The multivariant playlist once it is waited for no longer. */
function whenSettled({ delivery, clock }: Pick<ReturnType<typeof live>, 'delivery' | 'clock'>, at = url): string {
  const watched = ask(delivery, at);
  if (watched.reply === undefined) clock.advance(2010);
  if (watched.reply?.kind !== 'whole') throw new Error(`${at} is not answered`);
  expect(watched.reply.status).toBe(200);
  return text(watched.reply);
}

const uris = (multivariant: string) => parseMultivariant(multivariant).variants.map(({ uri }) => uri);

test('planned rungs are listed before they have media: behind the source, best first, with all that is planned of them', () => {
  const multivariant = whenSettled(live('720p', '480p'));
  parseMultivariant(multivariant);
  expect(
    multivariant.replaceAll(/BANDWIDTH=(\d+)/g, (_, bps) => `BANDWIDTH=${Math.round(bps / 10_000) / 100}M`),
  ).toBe(`#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=8.17M,AVERAGE-BANDWIDTH=6.53M,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE,AUDIO="audio"
source/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3.24M,AVERAGE-BANDWIDTH=2.93M,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE,AUDIO="audio"
720p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1.7M,AVERAGE-BANDWIDTH=1.53M,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=854x480,FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE,AUDIO="audio"
480p/index.m3u8
`);
});

test('for two seconds the first complete segment of everything planned is waited for', () => {
  const { delivery, feeder, clock } = live('480p', '360p');
  const early = ask(delivery, url);
  const rungs = [feeder.rung('480p'), feeder.rung('360p')];
  for (const rung of rungs) {
    rung.open();
    for (let i = 0; i < 4; i++) rung.part();
  }
  rungs[0]!.close();
  clock.advance(500);
  expect(early.reply).toBeUndefined();
  rungs[1]!.close();
  expect(early.reply?.kind === 'whole' && uris(text(early.reply))).toHaveLength(3);
  expect(get(delivery, url).status).toBe(200);
});

test('neither the order nor the set of variants follows what is measured', () => {
  const stream = live('720p', '480p', '360p');
  const { delivery, feeder, source, next } = stream;
  const expected = ['source', '720p', '480p', '360p'].map((name) => `${name}/index.m3u8`);
  expect(uris(whenSettled(stream))).toEqual(expected);
  // The smallest comes first, and with the most bits of all.
  for (const [name, partBytes] of [
    ['360p', 900_000],
    ['720p', 20_000],
  ] as const) {
    const rung = feeder.rung(name, source);
    for (let i = 0; i < 3; i++) {
      next();
      rung.segment({ partBytes });
      expect(uris(getText(delivery, url))).toEqual(expected);
    }
  }
});

test('what was said of the bit rates before there was media is never lowered, and raised where it proves wrong', () => {
  const stream = live('480p', '360p');
  const { delivery, feeder, source, next } = stream;
  const rates = () => parseMultivariant(getText(delivery, url)).variants.slice(1);
  whenSettled(stream);
  const said = rates();
  const [quiet, busy] = [feeder.rung('480p', source), feeder.rung('360p', source)];
  for (let i = 0; i < 5; i++) {
    next();
    quiet.segment({ partBytes: 10_000 });
    busy.segment({ partBytes: 100_000 });
  }
  const [quietNow, busyNow] = rates();
  expect([quietNow!.bandwidth, quietNow!.averageBandwidth]).toEqual([said[0]!.bandwidth, said[0]!.averageBandwidth]);
  expect(busyNow!.bandwidth).toBeGreaterThan(1_600_000 + 128_000);
  expect(busyNow!.averageBandwidth).toBeGreaterThan(1_600_000 + 128_000);
});

test('once there is media its own description counts: the size, the frame rate and the codec that came', () => {
  const stream = live('480p');
  const { delivery, feeder, source, next } = stream;
  whenSettled(stream);
  const rung = feeder.video('480p', { codecString: 'avc1.4d4020', widthPixels: 852, heightPixels: 480 });
  rung.follow(source);
  rung.describe(1, { frameRate: 25 });
  next();
  rung.segment();
  expect(getText(delivery, url)).toContain('CODECS="avc1.4d4020,mp4a.40.2",RESOLUTION=852x480,FRAME-RATE=25.000');
});

test('a plan takes the place of the one before; new viewers are told', () => {
  const stream = live('720p', '480p');
  whenSettled(stream);
  stream.feeder.plan('360p', '480p');
  expect(uris(getText(stream.delivery, url))).toEqual(['source/index.m3u8', '360p/index.m3u8', '480p/index.m3u8']);
  stream.feeder.plan();
  expect(uris(getText(stream.delivery, url))).toEqual(['source/index.m3u8']);
});

test('planned rungs are listed for TS and under the name of the channel too', () => {
  const stream = live('480p');
  expect(uris(whenSettled(stream, '/hls/show/index.m3u8'))).toEqual([
    '../st1/source/index.m3u8',
    '../st1/480p/index.m3u8',
  ]);
  const ts = getText(stream.delivery, '/hls/st1/ts.m3u8');
  expect(uris(ts)).toEqual(['source/ts.m3u8', '480p/ts.m3u8']);
  expect(ts).toContain('CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=854x480');
  const [, inTs] = parseMultivariant(ts).variants;
  const [, inCmaf] = parseMultivariant(getText(stream.delivery, url)).variants;
  expect(inTs!.bandwidth).toBeGreaterThan(inCmaf!.bandwidth);
  expect(inTs!.bandwidth).toBeLessThan(inCmaf!.bandwidth * 1.2);
});

test('a plan alone is nothing to watch', () => {
  const { delivery, feeder, clock } = rig();
  feeder.plan('480p');
  feeder.audio().segment();
  const early = ask(delivery, url);
  clock.advance(2010);
  expect(early.reply?.status).toBe(404);
});

test('a withdrawn rung is offered to nobody new; its list goes on with gaps, and is gone with its last segment', () => {
  const stream = live('720p', '480p');
  const { delivery, feeder, source, audio, next } = stream;
  const rung = feeder.rung('720p', source);
  next();
  rung.segment();
  whenSettled(stream);
  feeder.plan('480p');
  expect(uris(getText(delivery, url))).toEqual(['source/index.m3u8', '480p/index.m3u8', '720p/index.m3u8']);
  rung.withdraw();
  expect(uris(getText(delivery, url))).toEqual(['source/index.m3u8', '480p/index.m3u8']);
  const media = '/hls/st1/720p/index.m3u8';
  for (let i = 0; i < 5; i++) {
    const blocked = ask(delivery, `${media}?_HLS_msn=${rung.msn + 1}`);
    source.segment();
    audio.segment();
    expect(blocked.reply).toBeUndefined();
    rung.gap(2000);
    const list = blocked.reply?.kind === 'whole' ? text(blocked.reply) : '';
    const parsed = parseMedia(list);
    expect([parsed.segments.at(-1)?.gap, parsed.segments.at(-1)?.mediaSequenceNumber]).toEqual([true, source.msn]);
    expect(list).not.toContain('PRELOAD-HINT');
  }
  const waiting = [
    ask(delivery, `${media}?_HLS_msn=${rung.msn + 1}`),
    ask(delivery, `${media}?_HLS_msn=${rung.msn + 2}`),
  ];
  rung.gone();
  for (const { reply } of [...waiting, ask(delivery, media), ask(delivery, '/hls/st1/720p/ts.m3u8')]) {
    expect(reply?.status).toBe(404);
    expect(reply?.kind === 'whole' && text(reply)).not.toContain('ENDLIST');
  }
  expect(getText(delivery, '/hls/st1/source/index.m3u8')).not.toContain('720p');
});

test('a rung that is withdrawn and comes again goes on in its list, and is offered again', () => {
  const stream = live('480p');
  const { delivery, feeder, source, next } = stream;
  const rung = feeder.rung('480p', source);
  next();
  rung.segment();
  rung.withdraw();
  next();
  rung.gap(2000);
  expect(uris(whenSettled(stream))).toEqual(['source/index.m3u8']);
  rung.describe(1);
  next();
  rung.segment();
  expect(uris(getText(delivery, url))).toHaveLength(2);
  const { segments } = parseMedia(getText(delivery, '/hls/st1/480p/index.m3u8'));
  expect(segments.filter(({ uri }) => uri !== '').map(({ gap }) => gap === true)).toEqual([false, true, false]);
});

test('a withdrawn rung is not waited for', () => {
  const { delivery, feeder, source, next } = live('480p');
  const rung = feeder.rung('480p', source);
  rung.open();
  rung.withdraw();
  next();
  expect(uris(text(get(delivery, url)))).toEqual(['source/index.m3u8']);
});

test('every list reports on all others there are, each with its own newest part', () => {
  const { delivery, feeder, source, audio } = live('720p', '480p');
  const rung = feeder.rung('720p', source);
  for (const one of [source, audio, rung]) one.segment();
  for (const [one, parts] of [
    [source, 3],
    [audio, 2],
    [rung, 1],
  ] as const) {
    one.open();
    for (let i = 0; i < parts; i++) one.part();
  }
  const positions = { source: '3,LAST-PART=2', audio: '3,LAST-PART=1', '720p': '3,LAST-PART=0' };
  for (const name of Object.keys(positions)) {
    const list = getText(delivery, `/hls/st1/${name}/index.m3u8`);
    const reports = [...list.matchAll(/RENDITION-REPORT:URI="\.\.\/(\w+)\/index.m3u8",LAST-MSN=(.*)/g)];
    const { [name as keyof typeof positions]: _own, ...others } = positions;
    expect(Object.fromEntries(reports.map(([, other, position]) => [other, position]))).toEqual(others);
  }
});

test('each list is blocked until its own part is there', () => {
  const { delivery, feeder, source } = live('480p');
  const rung = feeder.rung('480p', source);
  for (const one of [source, rung]) one.segment();
  const query = '_HLS_msn=3&_HLS_part=1';
  const [ofSource, ofRung] = ['source', '480p'].map((name) => ask(delivery, `/hls/st1/${name}/index.m3u8?${query}`));
  for (const one of [source, rung]) one.open();
  for (let i = 0; i < 2; i++) source.part();
  expect([ofSource!.reply?.status, ofRung!.reply?.status]).toEqual([200, undefined]);
  for (let i = 0; i < 2; i++) rung.part();
  expect(ofRung!.reply?.kind === 'whole' && text(ofRung!.reply)).toContain('segment-3.1.m4s');
  expect(header(ofRung!.reply!, 'cache-control')).toBe('max-age=12');
});

test('a rung that begins later than the source begins its list at the same number, and is none of less', () => {
  const { delivery, feeder, source, next } = live('480p');
  for (let i = 0; i < 4; i++) next();
  const rung = feeder.rung('480p', source);
  rung.gap(2000);
  next();
  next();
  rung.segment();
  const list = getText(delivery, '/hls/st1/480p/index.m3u8');
  expect(parseMedia(list).mediaSequenceBase).toBe(6);
  expect(list).toContain('#EXT-X-GAP\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:10.000Z');
  expect(list).toContain('\nsegment-7.m4s\n');
  const whole = getText(delivery, '/hls/st1/source/index.m3u8');
  expect(whole).toContain('#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:12.000Z\n#EXT-X-PART');
});
