import { expect, test } from 'vitest';
import { parseDuration, readMpd } from './mpd.ts';
import { checkMpd, checkMpdMutation } from './mpd-rules.ts';

const url = 'http://host/dash/show/manifest.mpd';

const timeline = `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"
  type="dynamic" availabilityStartTime="2026-11-22T12:00:00.000Z" publishTime="2026-11-22T12:00:10.000Z"
  minimumUpdatePeriod="PT1S" minBufferTime="PT2S" timeShiftBufferDepth="PT30S">
  <BaseURL>../str_1/</BaseURL>
  <Period id="p0" start="PT0S">
    <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate timescale="1000" startNumber="3" media="$RepresentationID$/segment-$Number$.m4s" initialization="$RepresentationID$/init-1.mp4">
        <SegmentTimeline><S t="4000" d="2000" r="2"/><S d="1000"/></SegmentTimeline>
      </SegmentTemplate>
      <Representation id="source" bandwidth="800000" codecs="avc1.64001f" width="640" height="360" frameRate="30"/>
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="/time"/>
</MPD>`;

const lowLatency = timeline
  .replace('cmaf:2019"', 'cmaf:2019,http://www.dashif.org/guidelines/low-latency-live-v5"')
  .replace(
    'startNumber="3"',
    'startNumber="3" duration="2000" availabilityTimeOffset="1.5" availabilityTimeComplete="false"',
  )
  .replace(/<SegmentTimeline>.*<\/SegmentTimeline>/, '')
  .replace(
    '<Period ',
    '<ServiceDescription id="0"><Latency target="3000" min="2000" max="6000"/></ServiceDescription><Period ',
  )
  .replace('<Representation', '<ProducerReferenceTime id="1"/><Resync dT="500" marker="true"/><Representation');

function judged(text: string) {
  const rules: string[] = [];
  const mpd = readMpd(text, url, (rule) => rules.push(rule));
  if (mpd !== undefined) checkMpd(mpd, (rule) => rules.push(rule));
  return { mpd, rules };
}

test('a correct MPD has no findings, with a timeline and with low latency', () => {
  expect(judged(timeline).rules).toEqual([]);
  expect(judged(lowLatency).rules).toEqual([]);
});

test('segments of a timeline are numbered, timed and addressed', () => {
  const [representation] = judged(timeline).mpd?.periods[0]?.representations ?? [];
  expect(representation?.timeline).toEqual([
    { number: 3, startTicks: 4000, durationTicks: 2000 },
    { number: 4, startTicks: 6000, durationTicks: 2000 },
    { number: 5, startTicks: 8000, durationTicks: 2000 },
    { number: 6, startTicks: 10000, durationTicks: 1000 },
  ]);
  expect(representation?.mediaUrl(5, 8000)).toBe('http://host/dash/str_1/source/segment-5.m4s');
  expect(representation?.initUrl).toBe('http://host/dash/str_1/source/init-1.mp4');
});

test('durations are read as XML Schema has them', () => {
  expect(parseDuration('PT1M2.5S')).toBe(62.5);
  expect(parseDuration('12')).toBeUndefined();
  expect(parseDuration('PT')).toBeUndefined();
});

function edited(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`nothing matches ${from}`);
  return result;
}

const broken: readonly [rule: string, what: string, text: string][] = [
  ['D-01', 'is no XML', '<MPD><Period></MPD>'],
  ['D-01', 'has a bare number for a duration', edited(timeline, 'PT30S', '30')],
  ['D-01', 'has another namespace', edited(timeline, 'schema:mpd:2011', 'schema:mpd:2010')],
  ['D-03', 'has no CMAF profile', edited(timeline, ',urn:mpeg:dash:profile:cmaf:2019', '')],
  ['D-03', 'has low latency without its profile', edited(lowLatency, /,http:[^"]*low-latency-live-v5/, '')],
  ['D-04', 'has no start', edited(timeline, /availabilityStartTime="[^"]*"/, '')],
  ['D-04', 'has another type', edited(timeline, 'type="dynamic"', 'type="live"')],
  ['D-05', 'is updated too rarely', edited(timeline, 'Period="PT1S"', 'Period="PT500S"')],
  ['D-06', 'has no depth', edited(timeline, /timeShiftBufferDepth="[^"]*"/, '')],
  ['D-08', 'has overlapping segments', edited(timeline, '<S d="1000"/>', '<S t="9000" d="1000"/>')],
  ['D-08', 'has a segment without duration', edited(timeline, '<S d="1000"/>', '<S d="0"/>')],
  [
    'D-08',
    'has both a timeline and a duration',
    edited(timeline, 'startNumber="3"', 'startNumber="3" duration="2000"'),
  ],
  ['D-09', 'has no clock', edited(timeline, /<UTCTiming.*\/>/, '')],
  ['D-10', 'has a period without id', edited(timeline, 'id="p0"', '')],
  ['D-10', 'has a period without start', edited(timeline, 'start="PT0S"', '')],
  ['D-11', 'has no content type', edited(timeline, 'contentType="video" ', '')],
  ['D-11', 'has no codecs', edited(timeline, ' codecs="avc1.64001f"', '')],
  ['D-11', 'does not begin with sync samples', edited(timeline, 'startWithSAP="1"', 'startWithSAP="3"')],
  ['D-12', 'has an offset of complete segments', edited(lowLatency, ' availabilityTimeComplete="false"', '')],
  ['D-13', 'has no target latency', edited(lowLatency, 'target="3000" ', '')],
  ['D-13', 'measures latency by an unknown reference', edited(lowLatency, '<Latency ', '<Latency referenceId="7" ')],
  ['D-14', 'has no reference time', edited(lowLatency, '<ProducerReferenceTime id="1"/>', '')],
  ['D-14', 'resynchronises too rarely', edited(lowLatency, 'dT="500"', 'dT="5000"')],
  [
    'D-17',
    'is updated after its end',
    edited(timeline, 'minBufferTime', 'mediaPresentationDuration="PT60S" minBufferTime'),
  ],
];

test.each(broken)('%s is found in an MPD that %s', (rule, _what, text) => {
  expect(judged(text).rules).toContain(rule);
});

function mutated(before: string, after: string): string[] {
  const rules: string[] = [];
  const [first, second] = [judged(before).mpd, judged(after).mpd];
  if (first === undefined || second === undefined) throw new Error('a fixture is no MPD');
  checkMpdMutation(first, second, [before, after], (rule) => rules.push(rule));
  return rules;
}

const republished = (text: string) => edited(text, '12:00:10.000Z', '12:00:12.000Z');
const slid = republished(
  edited(
    edited(timeline, 'startNumber="3"', 'startNumber="4"'),
    '<S t="4000" d="2000" r="2"/>',
    '<S t="6000" d="2000" r="1"/>',
  ),
);

test('an MPD may slide, with a new publish time', () => {
  expect(mutated(timeline, slid)).toEqual([]);
});

test.each([
  [
    'D-04',
    'another start',
    republished(edited(timeline, 'StartTime="2026-11-22T12:00:00', 'StartTime="2026-11-22T12:00:01')),
  ],
  ['D-04', 'a publish time that changed alone', republished(timeline)],
  ['D-04', 'new segments under the old publish time', edited(slid, '12:00:12.000Z', '12:00:10.000Z')],
  ['D-08', 'a segment that moved', republished(edited(timeline, 't="4000"', 't="4100"'))],
  ['D-10', 'a period that moved', republished(edited(timeline, 'start="PT0S"', 'start="PT1S"'))],
])('%s is found in a change to %s', (rule, _what, after) => {
  expect(mutated(timeline, after)).toContain(rule);
});
