import { expect, test } from 'vitest';
import { checkAcross } from './cross-rules.ts';
import { type MediaPlaylist, readMediaPlaylist } from './media-playlist.ts';
import { checkMediaPlaylist } from './media-rules.ts';
import { readMultivariant } from './multivariant.ts';
import { checkMutation } from './mutation-rules.ts';

const header = [
  '#EXTM3U',
  '#EXT-X-VERSION:9',
  '#EXT-X-TARGETDURATION:2',
  '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5',
  '#EXT-X-PART-INF:PART-TARGET=0.5',
];

const part = (msn: number, index: number) =>
  `#EXT-X-PART:DURATION=0.5,URI="segment-${msn}.${index}.m4s"${index === 0 ? ',INDEPENDENT=YES' : ''}`;

/** Segment `msn` of 2 s; stream time zero is noon. */
function segment(msn: number, withParts: boolean): string[] {
  const date = new Date(Date.UTC(2026, 10, 22, 12, 0, 2 * msn)).toISOString();
  return [
    `#EXT-X-PROGRAM-DATE-TIME:${date}`,
    ...(withParts ? [0, 1, 2, 3].map((index) => part(msn, index)) : []),
    '#EXTINF:2.000,',
    `segment-${msn}.m4s`,
  ];
}

/** A low-latency playlist of segments `first` to `last`, and `openParts` of the next; correct in every respect. */
function playlist(first: number, last: number, openParts: number): string[] {
  const lines = [
    ...header,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    '#EXT-X-DISCONTINUITY-SEQUENCE:0',
    '#EXT-X-MAP:URI="init-1.mp4"',
  ];
  for (let msn = first; msn <= last; msn++) lines.push(...segment(msn, msn > last - 3));
  const open = last + 1;
  if (openParts > 0)
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Date.UTC(2026, 10, 22, 12, 0, 2 * open)).toISOString()}`);
  for (let index = 0; index < openParts; index++) lines.push(part(open, index));
  lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-${open}.${openParts}.m4s"`);
  lines.push(`#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=${open},LAST-PART=0`);
  return lines;
}

const bytes = (lines: readonly string[]) => new TextEncoder().encode(`${lines.join('\n')}\n`);

function judged(lines: readonly string[]): { playlist: MediaPlaylist; rules: string[] } {
  const rules: string[] = [];
  const report = (rule: string) => rules.push(rule);
  const read = readMediaPlaylist(bytes(lines), report);
  checkMediaPlaylist(read, false, report);
  return { playlist: read, rules };
}

test('a correct low-latency playlist has no findings', () => {
  expect(judged(playlist(1, 8, 2)).rules).toEqual([]);
  expect(judged([...playlist(1, 8, 0).slice(0, -2), '#EXT-X-ENDLIST']).rules).toEqual([]);
});

type Edit = (lines: string[]) => string[];
const replace =
  (pattern: RegExp | string, text: string): Edit =>
  (lines) => {
    const changed = lines.map((line) => line.replace(pattern, text));
    if (changed.join() === lines.join()) throw new Error(`nothing matches ${pattern}`);
    return changed.flatMap((line) => line.split('\n'));
  };
const append =
  (...added: string[]): Edit =>
  (lines) => [...lines, ...added];

const broken: readonly [rule: string, what: string, edit: Edit][] = [
  ['HLS-01', 'does not begin with EXTM3U', (lines) => lines.slice(1)],
  ['HLS-01', 'has a control character', replace('2.000,', '2.000,\u0007')],
  ['HLS-01', 'has an unknown tag', append('#EXT-X-SOMETHING:1')],
  ['HLS-01', 'has an unknown attribute', replace('TYPE=PART', 'TYPE=PART,COLOUR=1')],
  ['HLS-01', 'has an attribute twice', replace('TYPE=PART', 'TYPE=PART,TYPE=PART')],
  ['HLS-01', 'leaves out a required attribute', replace('TYPE=PART,', '')],
  ['HLS-01', 'quotes a number', replace('PART-TARGET=0.5', 'PART-TARGET="0.5"')],
  ['HLS-01', 'has a segment without EXTINF', append('segment-99.m4s')],
  ['HLS-01', 'has a tag twice', replace('#EXT-X-TARGETDURATION:2', '#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2')],
  ['HLS-02', 'has a version too low', replace('VERSION:9', 'VERSION:3')],
  ['HLS-02', 'has a version too high', replace('VERSION:9', 'VERSION:12')],
  ['HLS-03', 'has a segment above the target duration', replace('#EXTINF:2.000', '#EXTINF:2.600')],
  [
    'HLS-10',
    'has a discontinuity without a sequence',
    (lines) =>
      replace(
        '#EXT-X-MAP',
        '#EXT-X-DISCONTINUITY\n#EXT-X-MAP',
      )(lines.filter((line) => !line.includes('DISCONTINUITY-SEQ'))),
  ],
  [
    'HLS-12',
    'has no date on its first segment',
    (lines) =>
      lines.toSpliced(
        lines.findIndex((line) => line.includes('DATE')),
        1,
      ),
  ],
  ['HLS-12', 'has a date that jumps', replace('12:00:06.000Z', '12:00:06.500Z')],
  ['HLS-14', 'has no map', (lines) => lines.filter((line) => !line.includes('EXT-X-MAP'))],
  ['HLS-17', 'has parts that do not add up', replace('#EXTINF:2.000', '#EXTINF:1.950')],
  ['LL-01', 'has parts, but no part target', (lines) => lines.filter((line) => !line.includes('PART-INF'))],
  ['LL-02', 'has a part above the target', replace('DURATION=0.5,URI="segment-7.3', 'DURATION=0.52,URI="segment-7.3')],
  [
    'LL-02',
    'has a part far below the target',
    replace('DURATION=0.5,URI="segment-7.1', 'DURATION=0.4,URI="segment-7.1'),
  ],
  ['LL-03', 'has a hold back below three part targets', replace('PART-HOLD-BACK=1.5', 'PART-HOLD-BACK=1.2')],
  ['LL-04', 'has a hold back below three target durations', replace(',HOLD-BACK=6', ',HOLD-BACK=5')],
  ['LL-04', 'offers to skip too much', replace('CAN-SKIP-UNTIL=12', 'CAN-SKIP-UNTIL=8')],
  ['LL-06', 'still lists old parts', replace('#EXTINF:2.000,', `${part(1, 0)}\n#EXTINF:2.000,`)],
  ['LL-07', 'has two hints', append('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="x.m4s"')],
  ['LL-08', 'has a hint after its end', append('#EXT-X-ENDLIST')],
  ['LL-09', 'changes the map after a part', replace('#EXT-X-PRELOAD', '#EXT-X-MAP:URI="init-2.mp4"\n#EXT-X-PRELOAD')],
  [
    'LL-18',
    'counts discontinuities after the skip',
    (lines) => {
      const at = lines.findIndex((line) => line.includes('DISCONTINUITY-SEQ'));
      return lines
        .toSpliced(at, 1)
        .toSpliced(at, 0, '#EXT-X-SKIP:SKIPPED-SEGMENTS=1', '#EXT-X-DISCONTINUITY-SEQUENCE:0');
    },
  ],
  ['LL-19', 'begins with media sequence 0', replace('MEDIA-SEQUENCE:1', 'MEDIA-SEQUENCE:0')],
];

test.each(broken)('%s is found in a playlist that %s', (rule, _what, edit) => {
  expect(judged(edit(playlist(1, 8, 2))).rules).toContain(rule);
});

function mutated(before: readonly string[], after: readonly string[]): string[] {
  const rules: string[] = [];
  checkMutation(judged(before).playlist, judged(after).playlist, (rule) => rules.push(rule));
  return rules;
}

test.each([
  ['a part more', playlist(1, 8, 2), playlist(1, 8, 3)],
  ['the segment complete', playlist(1, 8, 4), playlist(1, 9, 0)],
  ['the window slid', playlist(1, 8, 2), playlist(3, 10, 1)],
  ['ended', playlist(1, 8, 0), [...playlist(1, 8, 0).slice(0, -2), '#EXT-X-ENDLIST']],
])('%s is a legal change', (_what, before, after) => {
  expect(mutated(before, after)).toEqual([]);
});

const withDiscontinuity: Edit = replace(/^(#EXT-X-PROGRAM-DATE-TIME:.*12:00:02.*)$/, '#EXT-X-DISCONTINUITY\n$1');
const illegal: readonly [rule: string, what: string, before: string[], after: string[]][] = [
  ['HLS-03', 'another target duration', playlist(1, 8, 2), replace('DURATION:2', 'DURATION:3')(playlist(1, 8, 3))],
  ['LL-01', 'another part target', playlist(1, 8, 2), replace('TARGET=0.5', 'TARGET=0.6')(playlist(1, 8, 3))],
  ['HLS-23', 'other server control', playlist(1, 8, 2), replace('HOLD-BACK=6', 'HOLD-BACK=7')(playlist(1, 8, 3))],
  ['HLS-04', 'a lower media sequence', playlist(2, 9, 2), playlist(1, 9, 3)],
  ['HLS-05', 'a segment of another duration', playlist(1, 8, 2), replace(/2\.000/, '1.999')(playlist(1, 8, 3))],
  [
    'HLS-05',
    'a segment of another name',
    playlist(1, 8, 2),
    replace('segment-4.m4s', 'segment-4b.m4s')(playlist(1, 8, 3)),
  ],
  ['HLS-05', 'a segment taken back', playlist(1, 8, 2), playlist(1, 7, 2)],
  [
    'HLS-05',
    'a part that changed',
    playlist(1, 8, 2),
    replace('0.5,URI="segment-9.1', '0.49,URI="segment-9.1')(playlist(1, 8, 3)),
  ],
  ['HLS-05', 'another map', playlist(1, 8, 2), replace('init-1.mp4', 'init-2.mp4')(playlist(1, 8, 3))],
  ['HLS-05', 'another date', playlist(1, 8, 2), replace(/:(\d\d)\.000Z/, ':$1.900Z')(playlist(1, 8, 3))],
  [
    'HLS-05',
    'an ended playlist that goes on',
    [...playlist(1, 8, 0).slice(0, -2), '#EXT-X-ENDLIST'],
    [...playlist(1, 9, 0).slice(0, -2), '#EXT-X-ENDLIST'],
  ],
  ['HLS-07', 'too little left', playlist(1, 8, 2), playlist(6, 10, 2)],
  ['HLS-09', 'an end taken back', [...playlist(1, 8, 0).slice(0, -2), '#EXT-X-ENDLIST'], playlist(1, 8, 0)],
  ['HLS-10', 'a discontinuity that went uncounted', withDiscontinuity(playlist(1, 8, 2)), playlist(2, 9, 2)],
  [
    'LL-07',
    'another part than the hinted one',
    playlist(1, 8, 2),
    replace('segment-9.2.m4s', 'part-9.2.m4s')(playlist(1, 8, 3)),
  ],
];

test.each(illegal)('%s is found in a change to %s', (rule, _what, before, after) => {
  expect(mutated(before, after)).toContain(rule);
});

test.each([
  ['HLS-11', 'another target duration', replace('DURATION:2', 'DURATION:3')],
  ['HLS-11', 'segments that begin later', replace(/:(\d\d)\.000Z/, ':$1.100Z')],
  ['HLS-11', 'a discontinuity of its own', withDiscontinuity],
  ['HLS-12', 'no dates', (lines: string[]) => lines.filter((line) => !line.includes('DATE-TIME'))],
  ['HLS-15', 'a gap of its own', replace('#EXTINF:2.000', '#EXT-X-GAP\n#EXTINF:2.000')],
  ['HLS-23', 'other server control', replace('HOLD-BACK=6', 'HOLD-BACK=7')],
] as const)('%s is found in two renditions of which one has %s', (rule, _what, edit) => {
  const rules: string[] = [];
  const [video, audio] = [judged(playlist(1, 8, 2)).playlist, judged(edit(playlist(1, 8, 2))).playlist];
  checkAcross(video, video, (found) => rules.push(found));
  expect(rules).toEqual([]);
  checkAcross(video, audio, (found) => rules.push(found));
  expect(rules).toContain(rule);
});

const multivariant = [
  '#EXTM3U',
  '#EXT-X-INDEPENDENT-SEGMENTS',
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"',
  '#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="audio"',
  'source/index.m3u8',
];

function multivariantRules(lines: readonly string[]): string[] {
  const rules: string[] = [];
  readMultivariant(bytes(lines), (rule) => rules.push(rule));
  return rules;
}

test('a correct multivariant playlist has no findings', () => {
  expect(multivariantRules(multivariant)).toEqual([]);
});

test.each([
  ['HLS-13', 'INDEPENDENT-SEGMENTS', replace('#EXT-X-INDEPENDENT-SEGMENTS', '#EXT-X-VERSION:6')],
  ['HLS-16', 'CODECS', replace('CODECS="avc1.64001f,mp4a.40.2",', '')],
  ['HLS-16', 'the audio’s codec', replace(',mp4a.40.2', '')],
  ['HLS-16', 'RESOLUTION', replace('RESOLUTION=640x360,', '')],
  ['HLS-16', 'FRAME-RATE', replace('FRAME-RATE=30.000,', '')],
  ['HLS-16', 'AVERAGE-BANDWIDTH', replace('AVERAGE-BANDWIDTH=800000,', '')],
  ['HLS-16', 'its audio group', replace('GROUP-ID="audio"', 'GROUP-ID="sound"')],
  ['HLS-16', 'every variant', (lines: string[]) => lines.slice(0, 3)],
] as const)('%s is found in a multivariant playlist without %s', (rule, _what, edit) => {
  expect(multivariantRules(edit([...multivariant]))).toContain(rule);
});
