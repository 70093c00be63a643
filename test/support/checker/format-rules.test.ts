import { expect, test } from 'vitest';
import { checkSameOffer } from './format-rules.ts';
import { readMpd } from './mpd.ts';
import { readMultivariant } from './multivariant.ts';

const playlist = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio"
source/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio"
360p/index.m3u8
`;

const manifest = `<MPD><Period>
<AdaptationSet contentType="video">
<Representation id="source" codecs="avc1.64001f" width="1280" height="720" frameRate="30000/1001"/>
<Representation id="360p" codecs="avc1.4d401e" width="640" height="360" frameRate="30000/1001"/>
</AdaptationSet>
<AdaptationSet contentType="audio"><Representation id="audio" codecs="mp4a.40.2"/></AdaptationSet>
</Period></MPD>`;

function found(hls: string, dash: string): string[] {
  const rules: string[] = [];
  const ignore = () => {};
  const mpd = readMpd(dash, 'http://host/dash/show/manifest.mpd', ignore);
  checkSameOffer(readMultivariant(new TextEncoder().encode(hls), ignore), mpd!, (rule) => rules.push(rule));
  return rules;
}

test('the same renditions in both formats are no finding', () => {
  expect(found(playlist, manifest)).toEqual([]);
});

test('a level that serves all that is listed serves what plays now', () => {
  expect(found(playlist, manifest.replace('avc1.4d401e', 'avc1.4d400c'))).toEqual([]);
});

test.each([
  ['a rendition in one of them only', 'id="360p"', 'id="240p"'],
  ['another size', 'width="640"', 'width="642"'],
  ['another codec', 'avc1.4d401e', 'avc1.4d401f'],
  ['another frame rate', 'height="360" frameRate="30000/1001"', 'height="360" frameRate="25"'],
])('DASH=HLS is found with %s', (_what, from, to) => {
  expect(found(playlist, manifest.replace(from, to))).toContain('DASH=HLS');
});
