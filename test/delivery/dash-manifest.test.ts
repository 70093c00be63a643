import { expect, test } from 'vitest';
import { streamStartMs } from './feeder.ts';
import { parseMpd as parse } from './mpd.ts';
import { ask, get, getText, header, rig } from './viewer.ts';

const url = '/dash/st1/manifest.mpd';

test('a regular stream is a low-latency MPD: numbers on a grid, chunks available before their segment is whole', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  video.segment();
  audio.segment();
  const text = getText(delivery, url);
  expect(text.replaceAll(/bandwidth="\d+"/g, 'bandwidth="…"')).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5" type="dynamic" availabilityStartTime="2026-01-01T12:00:00.000Z" publishTime="2026-01-01T12:00:02.000Z" timeShiftBufferDepth="PT12S" maxSegmentDuration="PT2.5S" minBufferTime="PT0.5S" suggestedPresentationDelay="PT6S" minimumUpdatePeriod="PT1S">
<ServiceDescription id="0"><Latency referenceId="1" target="2000" min="1000" max="6000"/><PlaybackRate min="0.96" max="1.04"/></ServiceDescription>
<Period id="p1" start="PT0S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" maxWidth="1280" maxHeight="720" maxFrameRate="30">
<ProducerReferenceTime id="1" inband="true" type="encoder" wallClockTime="2026-01-01T12:00:00.000Z" presentationTime="0">
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>
</ProducerReferenceTime>
<Resync type="0" dT="45000" marker="true"/>
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<Representation id="source" bandwidth="…" codecs="avc1.64001f" width="1280" height="720" frameRate="30">
<SegmentTemplate timescale="90000" presentationTimeOffset="0" initialization="source/init-1.mp4" media="source/segment-$Number$.m4s" startNumber="1" duration="180000" availabilityTimeOffset="1.5" availabilityTimeComplete="false"/>
</Representation>
</AdaptationSet>
<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
<AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2"/>
<ProducerReferenceTime id="2" inband="true" type="encoder" wallClockTime="2026-01-01T12:00:00.000Z" presentationTime="0">
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>
</ProducerReferenceTime>
<Resync type="0" dT="24000" marker="true"/>
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
<Representation id="audio" bandwidth="…" codecs="mp4a.40.2" audioSamplingRate="48000">
<SegmentTemplate timescale="48000" presentationTimeOffset="0" initialization="audio/init-1.mp4" media="audio/segment-$Number$.m4s" startNumber="1" duration="96000" availabilityTimeOffset="1.5" availabilityTimeComplete="false"/>
</Representation>
</AdaptationSet>
</Period>
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="../../time"/>
</MPD>
`);
});

test('publishTime changes exactly when the MPD does', () => {
  const { delivery, feeder, clock } = rig();
  const video = feeder.video();
  const seen = new Map<string, string>();
  for (let i = 0; i < 20; i++) {
    clock.advance(2000);
    // Busier and busier, and irregular from the eighth on.
    video.segment({ parts: i < 8 ? 4 : 2 + (i % 3), partBytes: 1000 + i * 10 });
    for (let j = 0; j < 2; j++) {
      clock.advance(100);
      const text = getText(delivery, url);
      const publishTime = parse(text).mpd.publishTime as string;
      const rest = text.replace(publishTime, '');
      for (const [otherTime, other] of seen) expect(other === rest).toBe(otherTime === publishTime);
      seen.set(publishTime, rest);
    }
  }
  expect(seen.size).toBeGreaterThan(5);
  expect(seen.size).toBeLessThan(20);
});

test('where a grid breaks a Period with a list of complete segments begins, for good', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  for (let i = 0; i < 4; i++) video.segment();
  video.segment({ parts: 1 });
  video.open();
  video.part();
  expect(parse(getText(delivery, url)).periods).toHaveLength(1);
  for (let i = 0; i < 3; i++) video.part();
  video.close();
  video.segment();
  const { mpd, periods } = parse(getText(delivery, url));
  expect(periods.map(({ id, start }) => [id, start])).toEqual([
    ['p1', 'PT0S'],
    ['p6', 'PT8.5S'],
  ]);
  expect(periods[1]?.sets[0]?.continuity).toEqual(['urn:mpeg:dash:period-continuity:2015 p1']);
  expect(periods[1]?.sets[0]?.representations[0]?.template).toMatchObject({
    startNumber: '6',
    presentationTimeOffset: '765000',
  });
  expect(periods[1]?.sets[0]?.representations[0]?.timeline).toEqual([{ t: '765000', d: '180000', r: '1' }]);
  expect(mpd.profiles).not.toContain('low-latency');
  expect(mpd.ServiceDescription).toBeUndefined();
  // What says that segments may be fetched early would ask for all that, and has no use for segments that are whole.
  expect(periods[0]?.sets[0]?.representations[0]?.template.availabilityTimeOffset).toBeUndefined();
  expect(periods[0]?.sets[0]?.representations[0]?.template).toMatchObject({ startNumber: '1', duration: '180000' });
});

test('a discontinuity is a new Period, at its place on stream time; media before the hole is all that its grid gives', () => {
  const { delivery, feeder } = rig({ windowMs: 60_000 });
  const video = feeder.video();
  const audio = feeder.audio();
  for (const one of [video, audio]) {
    for (let i = 0; i < 3; i++) one.segment();
  }
  feeder.interrupt();
  for (let i = 0; i < 2; i++) for (const one of [video, audio]) one.gap(2000);
  expect(parse(getText(delivery, url)).periods.map(({ id, duration }) => [id, duration])).toEqual([['p1', 'PT6S']]);
  feeder.interrupt(false);
  video.describe(2);
  for (const one of [video, audio]) one.segment({ isDiscontinuity: true, startMs: 10_000 });
  const { periods } = parse(getText(delivery, url));
  expect(periods.map(({ id, start, duration }) => [id, start, duration])).toEqual([
    ['p1', 'PT0S', 'PT6S'],
    ['p6', 'PT10S', undefined],
  ]);
  expect(periods[1]?.sets.map(({ continuity }) => continuity)).toEqual([
    [],
    ['urn:mpeg:dash:period-connectivity:2015 p1'],
  ]);
  expect(periods[0]?.sets[0]?.representations[0]?.template.initialization).toBe('source/init-1.mp4');
  expect(periods[1]?.sets[0]?.representations[0]?.template).toMatchObject({
    initialization: 'source/init-2.mp4',
    startNumber: '6',
    presentationTimeOffset: '900000',
  });
});

test('several renditions are Representations of one AdaptationSet', () => {
  const { delivery, feeder } = rig();
  for (const one of [feeder.video('source'), feeder.video('480p', { widthPixels: 854, heightPixels: 480 })])
    one.segment();
  const { periods } = parse(getText(delivery, url));
  expect(periods[0]?.sets.map(({ kind, representations }) => [kind, representations.map(({ id }) => id)])).toEqual([
    ['video', ['source', '480p']],
  ]);
});

test('Periods leave with their last segment, and keep their start while they slide', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  for (let i = 0; i < 3; i++) video.segment();
  for (let i = 0; i < 12; i++) {
    video.segment({ isDiscontinuity: i === 0 });
    const { periods } = parse(getText(delivery, url));
    const current = periods.at(-1);
    expect([current?.id, current?.start, current?.sets[0]?.representations[0]?.template.startNumber]).toEqual([
      'p4',
      'PT6S',
      '4',
    ]);
    if (i > 7) expect(periods).toHaveLength(1);
  }
});

test('every number that a list or the window of a grid gives can be fetched', () => {
  for (const isRegular of [true, false]) {
    const { delivery, feeder } = rig();
    const video = feeder.video();
    for (let i = 0; i < 20; i++) {
      video.segment({ parts: isRegular ? 4 : 2 + (i % 3) });
      const template = parse(getText(delivery, url)).periods.at(-1)?.sets[0]?.representations[0];
      const first = isRegular ? Math.max(1, video.msn - 6) : Number(template?.template.startNumber);
      for (let msn = first; msn <= video.msn; msn++) {
        expect(get(delivery, `/dash/st1/source/segment-${msn}.m4s`).status).toBe(200);
      }
    }
  }
});

test('a clock that is followed leaves the grid little by little: it begins anew, and never becomes a list', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.describe(1, { frameRate: 30 });
  video.segment();
  const ids = new Set<string>();
  for (let i = 0; i < 500; i++) {
    video.segment({ partMs: 500.5 });
    const { periods } = parse(getText(delivery, url));
    for (const { id } of periods) ids.add(id);
    const template = periods.at(-1)?.sets[0]?.representations[0]?.template;
    expect([template?.duration, template?.availabilityTimeComplete]).toEqual(['180000', 'false']);
  }
  expect(ids.size).toBe(4); // anew after 126 segments that are 2 ms too long
});

test('at the end the duration is known and no update is announced', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  for (let i = 0; i < 3; i++) video.segment();
  feeder.end();
  const { mpd } = parse(getText(delivery, url));
  expect(mpd.mediaPresentationDuration).toBe('PT6S');
  expect(mpd.minimumUpdatePeriod).toBeUndefined();
});

test('by the channel name the MPD says where it and its media are under the id', () => {
  const { delivery, feeder } = rig();
  feeder.video().segment();
  const reply = get(delivery, '/dash/show/manifest.mpd');
  expect(header(reply, 'cache-control')).toBe('max-age=1');
  const { mpd } = parse(getText(delivery, '/dash/show/manifest.mpd'));
  expect([mpd.BaseURL, mpd.Location]).toEqual(['../st1/', '../st1/manifest.mpd']);
});

test('29.97 frames a second are a grid that holds for a day', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.describe(1, { frameRate: 29.9701 });
  // The real grid: 60 frames of 1001/30000 s, in ticks of 90 kHz; the hand-made one below rounds to 2002 ms.
  video.segment({ partMs: 500.5 });
  expect(parse(getText(delivery, url)).periods[0]?.sets[0]?.representations[0]?.template.duration).toBe('180180');
});

test('the next segment of a grid is not there long before it begins, then waited for, then sent as it grows', () => {
  const { delivery, feeder, clock } = rig();
  const video = feeder.video();
  video.segment();
  const next = '/dash/st1/source/segment-2.m4s';
  clock.advance(499);
  expect(get(delivery, next).status).toBe(404);
  expect(header(get(delivery, next), 'cache-control')).toBe('max-age=1');
  clock.advance(1);
  const watched = ask(delivery, next);
  expect(watched.reply).toBeUndefined();
  video.open();
  const first = video.part();
  const reply = watched.reply;
  if (reply?.kind !== 'progressive') throw new Error('not progressive');
  expect(header(reply, 'accept-ranges')).toBe('none');
  const chunks: Uint8Array[] = [];
  let end = '';
  reply.start({
    chunk: (bytes) => chunks.push(bytes),
    end: () => {
      end = 'end';
    },
    abort: () => {
      end = 'abort';
    },
  });
  expect(chunks).toEqual([first.bytes]);
  const second = video.part();
  expect(chunks).toEqual([first.bytes, second.bytes]);
  expect(end).toBe('');
  video.close();
  expect(end).toBe('end');
  expect(Buffer.concat(get(delivery, next).body).equals(Buffer.concat(chunks))).toBe(true);
});

test('the segment after the one being made is waited for as soon as it is due, though that one is late', () => {
  const { delivery, feeder, clock } = rig();
  const video = feeder.video();
  video.segment();
  video.open();
  video.part();
  clock.advance(4000);
  const watched = ask(delivery, '/dash/st1/source/segment-3.m4s');
  expect(watched.reply).toBeUndefined();
  expect(get(delivery, '/dash/st1/source/segment-4.m4s').status).toBe(404);
  video.close();
  expect(watched.reply).toBeUndefined();
  clock.advance(2010);
  expect(watched.reply?.status).toBe(404);
});

test('HLS never gets a segment that is being made, nor DASH one that is listed only when complete', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.open();
  video.part();
  expect(get(delivery, '/hls/st1/source/segment-2.m4s').status).toBe(404);
  expect(ask(delivery, '/dash/st1/source/segment-2.m4s').reply?.kind).toBe('progressive');
  video.close();
  video.open();
  video.part();
  expect(get(delivery, '/dash/st1/source/segment-3.m4s').status).toBe(404);
});

test('a progressive answer whose stream goes is aborted', () => {
  for (const how of ['end', 'remove'] as const) {
    const { delivery, feeder } = rig();
    const video = feeder.video();
    video.segment();
    video.open();
    video.part();
    const { reply } = ask(delivery, '/dash/st1/source/segment-2.m4s');
    let end = '';
    if (reply?.kind !== 'progressive') throw new Error('not progressive');
    reply.start({ chunk: () => {}, end: () => (end = 'end'), abort: () => (end = 'abort') });
    if (how === 'end') feeder.end();
    else delivery.removeStream('st1');
    expect(end).toBe('abort');
  }
});

test('the clock is given in milliseconds, never to be stored', () => {
  const { delivery, clock } = rig();
  clock.advance(123);
  const reply = get(delivery, '/time');
  expect(Buffer.concat(reply.body).toString()).toBe(new Date(streamStartMs + 123).toISOString());
  expect(header(reply, 'cache-control')).toBe('no-store');
});

test('a Period whose first segment was cut short lists its segments, for it has shown no grid', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.segment({ isDiscontinuity: true, parts: 1, partMs: 33 });
  video.segment();
  const { periods } = parse(getText(delivery, url));
  const second = periods[1]!.sets[0]!.representations[0]!;
  expect(second.template.duration).toBeUndefined();
  expect(second.timeline.length).toBeGreaterThan(0);
});
