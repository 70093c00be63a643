import { expect, test } from 'vitest';
import { walkTs } from '../support/ts-walker.ts';
import { parseMedia, parseMultivariant } from './strict-playlist.ts';
import { get, getText, header, rig } from './viewer.ts';

const playlistUrl = '/hls/st1/source/ts.m3u8';

test('a TS playlist lists whole segments only, in the oldest version that has their tags', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  for (let i = 0; i < 2; i++) for (const one of [video, audio]) one.segment({ isDiscontinuity: i === 1 });
  const text = getText(delivery, playlistUrl);
  parseMedia(text);
  expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:00.000Z
#EXTINF:2.00000,
segment-1.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:02.000Z
#EXTINF:2.00000,
segment-2.ts
`);
  expect(getText(delivery, '/hls/show/source/ts.m3u8')).toContain('\n../../st1/source/segment-2.ts\n');
});

test('a TS segment is there when picture and sound of its number are both complete', () => {
  for (const order of [
    ['video', 'audio'],
    ['audio', 'video'],
  ]) {
    const { delivery, feeder } = rig();
    const tracks = { video: feeder.video(), audio: feeder.audio() };
    tracks.video.segment();
    tracks.audio.segment();
    const listed = () => parseMedia(getText(delivery, playlistUrl)).segments.length;
    tracks[order[0] as 'video' | 'audio'].segment();
    expect(listed()).toBe(1);
    expect(get(delivery, '/hls/st1/source/segment-2.ts').status).toBe(404);
    tracks[order[1] as 'video' | 'audio'].segment();
    expect(listed()).toBe(2);
    expect(get(delivery, '/hls/st1/source/segment-2.ts').status).toBe(200);
  }
});

test('a TS segment carries picture and sound of its number at their times', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  for (let i = 0; i < 2; i++) for (const one of [video, audio]) one.segment();
  const reply = get(delivery, '/hls/st1/source/segment-2.ts');
  expect(header(reply, 'content-type')).toBe('video/mp2t');
  const walk = walkTs(Buffer.concat(reply.body));
  expect(walk.faults).toEqual([]);
  expect([...walk.streamTypes.values()].sort()).toEqual([0x0f, 0x1b]);
  const origin = 10 * 90_000; // the writer moves all times by 10 s
  for (const streamType of [0x0f, 0x1b]) {
    const pid = [...walk.streamTypes].find(([, type]) => type === streamType)?.[0];
    const times = walk.pes.filter((pes) => pes.pid === pid).map(({ pts90k }) => pts90k - origin);
    expect(times).toEqual([180_000, 225_000, 270_000, 315_000]);
  }
  expect(get(delivery, '/hls/st1/source/segment-2.ts')).toBe(reply);
});

test('decode times are moved back by what CMAF had moved them', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.describe(1, { decodeDelayTicks: 6000 });
  video.segment();
  const walk = walkTs(Buffer.concat(get(delivery, '/hls/st1/source/segment-1.ts').body));
  expect(walk.pes.map(({ pts90k, dts90k }) => pts90k - dts90k)).toEqual([6000, 6000, 6000, 6000]);
});

test('sound alone is a transport stream of sound, picture alone one of picture', () => {
  const sound = rig();
  sound.feeder.audio().segment();
  parseMultivariant(getText(sound.delivery, '/hls/st1/ts.m3u8'));
  expect(getText(sound.delivery, '/hls/st1/ts.m3u8')).toMatch(/CODECS="mp4a.40.2"\naudio\/ts.m3u8\n$/);
  const audioTypes = walkTs(Buffer.concat(get(sound.delivery, '/hls/st1/audio/segment-1.ts').body)).streamTypes;
  expect([...audioTypes.values()]).toEqual([0x0f]);
  const picture = rig();
  picture.feeder.video().segment();
  const videoTypes = walkTs(Buffer.concat(get(picture.delivery, '/hls/st1/source/segment-1.ts').body)).streamTypes;
  expect([...videoTypes.values()]).toEqual([0x1b]);
});

test('the multivariant playlist for TS has picture and sound in one variant, with room for the packets', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  for (let i = 0; i < 3; i++) {
    video.segment({ partBytes: 60_000 });
    audio.segment({ partBytes: 6000 });
  }
  const text = getText(delivery, '/hls/st1/ts.m3u8');
  const [variant] = parseMultivariant(text).variants;
  expect(text).not.toContain('EXT-X-MEDIA');
  expect(text).toContain('CODECS="avc1.64001f,mp4a.40.2"');
  const bytes = Number(header(get(delivery, '/hls/st1/source/segment-2.ts'), 'content-length'));
  expect(variant?.averageBandwidth).toBeGreaterThan(bytes * 4);
  expect(variant?.averageBandwidth).toBeLessThan(bytes * 4 * 1.2);
});

test('what was cut is kept only up to its limit, and cut again when asked for', () => {
  const { delivery, feeder } = rig({}, { tsCacheBytes: 20_000 });
  const video = feeder.video();
  for (let i = 0; i < 6; i++) video.segment();
  const first = Buffer.concat(get(delivery, '/hls/st1/source/segment-1.ts').body);
  for (let msn = 2; msn <= 6; msn++) get(delivery, `/hls/st1/source/segment-${msn}.ts`);
  expect(Buffer.concat(get(delivery, '/hls/st1/source/segment-1.ts').body).equals(first)).toBe(true);
});

test('a rung carries the shared sound of its number, and comes when both are complete', () => {
  const { delivery, feeder } = rig();
  feeder.plan('480p');
  const audio = feeder.audio();
  const renditions = [feeder.video(), audio, feeder.rung('480p')];
  for (const one of renditions) one.segment();
  const [source, , rung] = renditions;
  for (const one of [source!, rung!]) one.segment({ partBytes: 30_000 });
  const listed = () => parseMedia(getText(delivery, '/hls/st1/480p/ts.m3u8')).segments.length;
  expect(listed()).toBe(1);
  audio.segment();
  expect(listed()).toBe(2);
  expect(parseMultivariant(getText(delivery, '/hls/st1/ts.m3u8')).variants.map(({ uri }) => uri)).toEqual([
    'source/ts.m3u8',
    '480p/ts.m3u8',
  ]);
  const walk = walkTs(Buffer.concat(get(delivery, '/hls/st1/480p/segment-2.ts').body));
  expect([walk.faults, [...walk.streamTypes.values()].sort()]).toEqual([[], [0x0f, 0x1b]]);
  const ofSource = walkTs(Buffer.concat(get(delivery, '/hls/st1/source/segment-2.ts').body));
  const times = ({ pes }: typeof walk) => pes.map(({ pid, pts90k }) => [pid, pts90k]);
  expect(times(walk)).toEqual(times(ofSource));
});

test('segments that a rung has nothing for are gaps in its TS list too', () => {
  const { delivery, feeder } = rig();
  feeder.plan('480p');
  const source = feeder.video();
  const rung = feeder.rung('480p');
  for (const one of [source, rung]) one.segment();
  source.segment();
  rung.gap(2000);
  rung.withdraw();
  const text = getText(delivery, '/hls/st1/480p/ts.m3u8');
  expect(parseMedia(text).segments.map(({ gap }) => gap === true)).toEqual([false, true]);
  expect(get(delivery, '/hls/st1/480p/segment-2.ts').status).toBe(404);
  expect(getText(delivery, '/hls/st1/ts.m3u8')).not.toContain('480p');
});
