import { expect, test } from 'vitest';
import { parseMultivariant } from './strict-playlist.ts';
import { ask, get, getText, header, rig, text } from './viewer.ts';

const url = '/hls/st1/index.m3u8';

test('picture and shared sound: one variant with a group, peak and average of both', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  for (let i = 0; i < 3; i++) {
    video.segment({ partBytes: 100_000 - i * 10_000 });
    audio.segment({ partBytes: 6000 });
  }
  const multivariant = getText(delivery, url);
  const playlist = parseMultivariant(multivariant);
  expect(multivariant.replaceAll(/BANDWIDTH=\d+/g, 'BANDWIDTH=…')).toBe(`#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=…,AVERAGE-BANDWIDTH=…,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE,AUDIO="audio"
source/index.m3u8
`);
  const peak = (100_000 + 6000) * 16;
  const average = (90_000 + 6000) * 16;
  const { bandwidth, averageBandwidth } = playlist.variants[0]!;
  expect(bandwidth).toBeGreaterThanOrEqual(peak);
  expect(bandwidth).toBeLessThan(peak * 1.4);
  expect(averageBandwidth).toBeGreaterThanOrEqual(average);
  expect(averageBandwidth).toBeLessThan(average * 1.1);
});

test('sound alone is a variant, picture alone has no group', () => {
  const sound = rig();
  sound.feeder.audio().segment();
  const audioOnly = getText(sound.delivery, url);
  parseMultivariant(audioOnly);
  expect(audioOnly).toMatch(
    /#EXT-X-STREAM-INF:BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="mp4a.40.2"\naudio\/index.m3u8\n$/,
  );
  const picture = rig();
  picture.feeder.video().segment();
  const videoOnly = getText(picture.delivery, url);
  parseMultivariant(videoOnly);
  expect(videoOnly).not.toContain('AUDIO');
  expect(videoOnly).toContain('CODECS="avc1.64001f",');
});

test('several renditions are variants, and report on one another', () => {
  const { delivery, feeder } = rig();
  const renditions = [feeder.video('source'), feeder.video('720p', { codecString: 'avc1.64001e' }), feeder.audio()];
  for (const [index, one] of renditions.entries()) one.segment({ partBytes: 9000 / (index + 1) });
  const playlist = parseMultivariant(getText(delivery, url));
  expect(playlist.variants.map((variant) => variant.uri)).toEqual(['source/index.m3u8', '720p/index.m3u8']);
  for (const name of ['source', '720p', 'audio']) {
    const media = getText(delivery, `/hls/st1/${name}/index.m3u8`);
    const reports = [...media.matchAll(/RENDITION-REPORT:URI="\.\.\/(\w+)\/index.m3u8",LAST-MSN=1,LAST-PART=3/g)];
    expect(reports.map((match) => match[1])).toEqual(['source', '720p', 'audio'].filter((other) => other !== name));
  }
});

test('segments that do not begin with a sync sample are not claimed to be independent', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  expect(getText(delivery, url)).toContain('INDEPENDENT-SEGMENTS');
  video.segment({ isIndependent: false });
  expect(getText(delivery, url)).not.toContain('INDEPENDENT-SEGMENTS');
  expect(getText(delivery, '/hls/st1/source/index.m3u8')).toContain('URI="segment-2.0.m4s"\n');
});

test('a stream that is starting is waited for until all its renditions have a segment', () => {
  const { delivery, feeder, clock } = rig();
  const early = ask(delivery, url);
  const video = feeder.video();
  const audio = feeder.audio();
  video.segment();
  expect(early.reply).toBeUndefined();
  clock.advance(500);
  audio.segment();
  expect(early.reply?.kind === 'whole' && text(early.reply)).toContain('AUDIO="audio"');
});

test('after two seconds what there is is given, or that there is nothing yet', () => {
  const { delivery, feeder, clock } = rig();
  const early = ask(delivery, url);
  clock.advance(2010);
  expect(early.reply?.status).toBe(404);
  expect(header(early.reply!, 'cache-control')).toBe('max-age=1');
  feeder.audio().open();
  feeder.video().segment();
  const partly = ask(delivery, url);
  expect(partly.reply).toBeUndefined();
  clock.advance(2010);
  expect(partly.reply?.kind === 'whole' && text(partly.reply)).not.toContain('AUDIO');
});

test('no media playlist comes before its first complete segment', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const media = '/hls/st1/source/index.m3u8';
  video.open();
  for (let i = 0; i < 4; i++) {
    video.part();
    expect(get(delivery, media).status).toBe(404);
    expect(JSON.parse(text(get(delivery, media)))).toMatchObject({ status: 404, code: 'DELIVERY_STREAM_NOT_READY' });
  }
  video.close();
  expect(get(delivery, media).status).toBe(200);
});

test('by the channel name the playlists are those of the stream, and the newest stream counts', () => {
  const { delivery, feeder } = rig();
  feeder.video().segment();
  const byName = get(delivery, '/hls/show/index.m3u8');
  expect(text(byName)).toContain('\n../st1/source/index.m3u8\n');
  expect(header(byName, 'cache-control')).toBe('max-age=1');
  expect(header(get(delivery, '/hls/show/source/segment-1.m4s'), 'cache-control')).toBe('no-store');
  expect(header(get(delivery, '/hls/st1/source/segment-1.m4s'), 'cache-control')).toBe(
    'public, max-age=86400, immutable',
  );
});

test('BANDWIDTH is never lowered, never below what was measured, and seldom changes', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  let declared = 0;
  let changes = 0;
  for (let i = 0; i < 60; i++) {
    const partBytes = 50_000 + Math.round(20_000 * Math.sin(i / 3)) + i * 100;
    video.segment({ partBytes });
    const bandwidth = parseMultivariant(getText(delivery, url)).variants[0]!.bandwidth;
    expect(bandwidth).toBeGreaterThanOrEqual(declared);
    expect(bandwidth).toBeGreaterThanOrEqual(partBytes * 16);
    if (bandwidth !== declared) changes++;
    declared = bandwidth;
  }
  expect(changes).toBeLessThan(6);
});

test('after a change of encoding CODECS still names the higher level, while segments of it are listed', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video('source', { codecString: 'avc1.42c01f' });
  video.segment();
  const { config } = video;
  video.describe(2, { config: { ...config, codecString: 'avc1.42c015' } as typeof config });
  video.segment({ isDiscontinuity: true });
  expect(getText(delivery, url)).toContain('CODECS="avc1.42c01f"');
  for (let i = 0; i < 20; i++) video.segment();
  expect(getText(delivery, url)).toContain('CODECS="avc1.42c015"');
});
