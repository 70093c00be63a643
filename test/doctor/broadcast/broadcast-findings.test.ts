import { beforeAll, describe, expect, test } from 'vitest';
import { describeFinding } from '../../../src/doctor/broadcast/finding-texts.ts';
import type { StreamFinding } from '../../../src/doctor/broadcast/stream-finding.ts';
import type { FlvTag } from '../../../src/media/flv/file.ts';
import { encodedClip, findingsOf } from './observed-clip.ts';

/** As OBS sends it, but without B-frames, of which a note would tell everywhere. */
let plain: FlvTag[];
const cbr = ['-preset', 'veryfast', '-b:v', '800k', '-maxrate', '800k', '-bufsize', '800k', '-bf', '0'];

beforeAll(() => {
  plain = encodedClip({ video: [...cbr, '-g', '60'] });
}, 60_000);

const codes = (findings: readonly StreamFinding[]) => findings.map(({ code, severity }) => `${severity} ${code}`);

describe('how a broadcast is encoded', () => {
  test('one as OBS sends it has nothing to be warned of', () => {
    expect(codes(findingsOf(encodedClip()))).toEqual(['note b-frames']);
  }, 30_000);

  test('one without B-frames has nothing to be told of', () => {
    expect(codes(findingsOf(plain))).toEqual([]);
  });

  test('keyframes 8.3 s apart, as OBS has it by default', () => {
    const [found] = findingsOf(encodedClip({ video: [...cbr, '-g', '250'] }));
    expect(found).toMatchObject({ code: 'keyframes-far-apart', severity: 'warning', figures: { interval_ms: 8334 } });
    const { found: sentence, remedy } = describeFinding(found!);
    expect(sentence).toBe('Keyframes come only every 8.3 s.');
    expect(remedy).toContain('Keyframe Interval: 2 s');
  }, 30_000);

  test('a bit rate in bursts, of an encoder without a buffer model', () => {
    const filter = "noise=alls=90:allf=t:enable='lt(mod(t,5),0.6)'";
    const found = findingsOf(
      encodedClip({ filter, video: ['-preset', 'veryfast', '-crf', '26', '-bf', '0', '-g', '60'] }),
    );
    expect(codes(found)).toEqual(['warning bursts']);
  }, 30_000);

  test.each([
    ['mono of 22 kHz', { audio: ['-ac', '1', '-ar', '22050'] }, ['warning sound-rate-low', 'note sound-mono']],
    ['no sound', { sound: 'none' }, ['warning sound-none']],
    ['a muted microphone', { sound: 'anullsrc=r=48000:cl=stereo' }, ['warning sound-silent']],
    ['ten bits', { video: [...cbr, '-g', '60', '-pix_fmt', 'yuv420p10le'] }, ['warning picture-format-rare']],
    [
      'full range',
      {
        video: [
          ...cbr,
          '-g',
          '60',
          '-color_range',
          'pc',
          '-colorspace',
          'bt709',
          '-color_primaries',
          'bt709',
          '-color_trc',
          'bt709',
        ],
      },
      ['note colour-range-full'],
    ],
  ])(
    '%s',
    (_name, source, expected) => {
      expect(codes(findingsOf(encodedClip({ video: [...cbr, '-g', '60'], ...source })))).toEqual(expected);
    },
    30_000,
  );

  test('more than the key allows', () => {
    const [found, ...others] = findingsOf(plain, { expected: { maxBitrateBps: 500_000 } });
    expect(found).toMatchObject({ code: 'bitrate-over-policy', severity: 'warning' });
    expect(others).toEqual([]);
  });
});

describe('how a broadcast arrives', () => {
  /** In bursts of 100 ms, as many encoders write. */
  test('small unevenness is nothing', () => {
    const arrival = ({ timestampMs }: FlvTag) => Math.ceil(timestampMs / 250) * 250;
    expect(codes(findingsOf(plain, { arrival }))).toEqual([]);
  });

  test('a line that stands still for 1.5 s and catches up is uneven', () => {
    const arrival = ({ timestampMs }: FlvTag) => (timestampMs > 9000 && timestampMs < 10_500 ? 10_500 : timestampMs);
    const [found, ...others] = findingsOf(plain, { arrival });
    expect(found).toMatchObject({ code: 'uplink-uneven', severity: 'warning' });
    expect(found!.figures.jitter_ms).toBeGreaterThan(1400);
    expect(found!.figures.jitter_ms).toBeLessThan(1600);
    expect(others).toEqual([]);
  });

  test('a process that stood still itself does not blame the line', () => {
    const arrival = ({ timestampMs }: FlvTag) => (timestampMs > 9000 && timestampMs < 10_500 ? 10_500 : timestampMs);
    let lastMs = 0;
    const before: NonNullable<Parameters<typeof findingsOf>[1]>['before'] = (observer, nowMs) => {
      if (nowMs - lastMs > 1000) observer.forgive(nowMs);
      lastMs = nowMs;
    };
    expect(codes(findingsOf(plain, { arrival, before }))).toEqual([]);
  });

  test('a line slower than the bit rate starves it', () => {
    const [found, ...others] = findingsOf(plain, { arrival: ({ timestampMs }) => timestampMs * 1.15 });
    expect(found).toMatchObject({ code: 'uplink-starved', severity: 'warning' });
    expect(found!.figures.behind_ms).toBeGreaterThan(1500);
    expect(others).toEqual([]);
  });

  test('every tenth frame missing, as OBS drops them on a slow line', () => {
    let frame = 0;
    const tags = plain.filter(({ type, body }) => type !== 'video' || body[0] === 0x17 || ++frame % 10 !== 0);
    const [found, ...others] = findingsOf(tags);
    expect(found).toMatchObject({ code: 'frames-missing', severity: 'warning' });
    expect(found!.figures.missing_percent).toBeGreaterThan(8);
    expect(found!.figures.missing_percent).toBeLessThan(11);
    expect(others).toEqual([]);
  });

  test('a clock that jumps by an hour', () => {
    const tags = plain.map((tag) =>
      tag.timestampMs < 9000 ? tag : { ...tag, timestampMs: tag.timestampMs + 3_600_000 },
    );
    const arrival = ({ timestampMs }: FlvTag) => timestampMs % 3_600_000;
    expect(findingsOf(tags, { arrival })).toEqual([{ code: 'time-jumps', severity: 'warning', figures: { jumps: 1 } }]);
  });

  test('sound that stops', () => {
    const tags = plain.filter(({ type, timestampMs }) => type === 'video' || timestampMs < 12_000);
    expect(codes(findingsOf(tags))).toEqual(['warning sound-stopped']);
  });

  test('sound that arrives 2 % too fast drifts away from the picture', () => {
    const tags = plain
      .map((tag) => ({ tag, atMs: tag.type === 'audio' ? tag.timestampMs * 0.98 : tag.timestampMs }))
      .sort((a, b) => a.atMs - b.atMs);
    const atMs = new Map(tags.map(({ tag, atMs }) => [tag, atMs]));
    const found = findingsOf(
      tags.map(({ tag }) => tag),
      { arrival: (tag) => atMs.get(tag)! },
    );
    expect(codes(found)).toEqual(['warning sound-drifts']);
    expect(found[0]!.figures.drift_ms).toBeLessThan(-200);
  });

  test('sound whose timestamps run 2 % faster than its samples', () => {
    const tags = plain
      .map((tag) => (tag.type === 'audio' ? { ...tag, timestampMs: Math.round(tag.timestampMs * 1.02) } : tag))
      .sort((a, b) => a.timestampMs - b.timestampMs);
    const found = findingsOf(tags);
    expect(codes(found)).toEqual(['warning sound-clock-off']);
    expect(found[0]!.figures.percent).toBeCloseTo(2, 0);
  });

  test('sound a second and a half behind its picture', () => {
    const tags = plain
      .map((tag) => ({ tag, atMs: tag.timestampMs + (tag.type === 'audio' ? 1500 : 0) }))
      .filter((sent) => sent.atMs < 19_500)
      .sort((a, b) => a.atMs - b.atMs);
    const atMs = new Map(tags.map(({ tag, atMs }) => [tag, atMs]));
    const found = findingsOf(
      tags.map(({ tag }) => tag),
      { arrival: (tag) => atMs.get(tag)! },
    );
    expect(codes(found)).toEqual(['warning sound-apart']);
  });
});
