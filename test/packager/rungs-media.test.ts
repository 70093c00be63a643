import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { Packager } from '../../src/packager/packager.ts';
import type { RenditionWindow } from '../../src/stream/window.ts';
import { Windows } from '../../src/stream/windows.ts';
import { withFile } from '../media/clips.ts';
import { decodedFrames, probePackets } from '../media/decoded.ts';
import { type Clip, type ClipFrame, readClip } from '../media/flv-clip.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { samplesOfSegment } from './broadcast.ts';

const startMs = 10_000;
const lagMs = 40;

/** 30 frames a second with B-frames and keyframes where scenes change. */
function source(): Uint8Array {
  const keyframes = '0,2.1,3.4,5.4,6.2,8.2';
  return ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=10', '-c:v', 'libx264', '-preset', 'veryfast'],
    ...[
      '-bf',
      '2',
      '-g',
      '9999',
      '-sc_threshold',
      '0',
      '-force_key_frames',
      keyframes,
      '-threads',
      '1',
      '-pix_fmt',
      'yuv420p',
    ],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize', 'pipe:1'],
  );
}

/** A rung as a transcoder makes it: the source's pictures at the source's times, a keyframe wherever the source has one. */
function transcode(flv: Uint8Array, ...encoder: string[]): Uint8Array {
  return withFile(flv, 'source.flv', (path) =>
    ffmpeg(
      ...['-copyts', '-probesize', '32k', '-fpsprobesize', '0', '-analyzeduration', '0', '-i', path],
      ...['-vf', 'scale=160:90', '-c:v', 'libx264', '-preset', 'superfast', ...encoder, '-threads', '1'],
      ...['-g', '9999', '-keyint_min', '1', '-sc_threshold', '0', '-force_key_frames', 'source', '-forced-idr', '1'],
      ...[
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1/1000',
        '-f',
        'flv',
        '-flvflags',
        'no_duration_filesize',
        'pipe:1',
      ],
    ),
  );
}

function ffmpeg(...args: string[]): Uint8Array {
  return execFileSync('ffmpeg', ['-v', 'error', '-y', ...args], { maxBuffer: 1 << 27 });
}

function packaged(own: Clip, rung: Clip): Windows {
  const windows = new Windows(new ManualClock());
  const packager = new Packager({
    streamId: 'st_1',
    channel: 'show',
    availabilityStartMs: 0,
    wishes: { segmentMs: 2000, maxGopMs: 10_000, partMs: 500, windowMs: 600_000 },
    emit: (message) => windows.apply(message),
    notice: () => {},
  });
  const unitOf = (frame: ClipFrame): AccessUnit => ({ kind: 'video', ...frame, dtsMs: frame.dtsMs + startMs });
  const arrivals = [
    ...own.video!.frames.map((frame) => ({ frame, atMs: frame.dtsMs, isRung: false })),
    ...rung.video!.frames.map((frame) => ({ frame, atMs: frame.dtsMs + lagMs, isRung: true })),
  ].sort((a, b) => a.atMs - b.atMs);
  packager.begin({ startMs, video: own.video!.config });
  packager.addRung('90p');
  packager.configureRung('90p', rung.video!.config);
  for (const { frame, isRung } of arrivals) {
    if (isRung) packager.rungAccessUnit('90p', unitOf(frame));
    else packager.accessUnit(unitOf(frame));
  }
  expect(packager.rungRepairs).toMatchObject([{ lateFrames: 0, skippedFrames: 0, gapSegments: 0, stretchedFrames: 0 }]);
  packager.end();
  return windows;
}

const bytesOf = ({ description, segments }: RenditionWindow, from = 0, to = segments.length) =>
  Buffer.concat([
    description.init.bytes,
    ...segments.slice(from, to).flatMap(({ parts }) => parts.map((part) => part.bytes)),
  ]);

const flv = source();

describe.each([
  ['without delay', ['-tune', 'zerolatency', '-profile:v', 'main']],
  ['with B-frames', ['-bf', '2', '-rc-lookahead', '5', '-profile:v', 'main']],
])('what ffmpeg encodes %s', (_, encoder) => {
  const clip = transcode(flv, ...encoder);
  const { renditions } = packaged(readClip(flv), readClip(clip)).find('st_1')!;
  const own = renditions.get('source')!;
  const rung = renditions.get('90p')!;

  test('decodes, packaged, to what it was', () => {
    expect(decodedFrames(bytesOf(rung), 'rung.mp4', 'video')).toEqual(decodedFrames(clip, 'rung.flv', 'video'));
  });

  test("shows the source's pictures at the source's times", () => {
    const times = ({ segments }: RenditionWindow) =>
      segments
        .flatMap(samplesOfSegment)
        .map(({ pts }) => pts)
        .sort((a, b) => a - b);
    expect(times(rung)).toEqual(times(own));
  });

  test('can be begun with in every segment, at the picture where the source can', () => {
    expect(rung.segments.length).toBeGreaterThan(3);
    const beginnings = ({ segments }: RenditionWindow) =>
      segments.map((segment) => ({ msn: segment.msn, at: segment.startTicks, pts: samplesOfSegment(segment)[0]!.pts }));
    expect(beginnings(rung)).toEqual(beginnings(own));
    for (const [index, segment] of rung.segments.entries()) {
      const alone = bytesOf(rung, index, index + 1);
      expect(probePackets(alone, 'segment.mp4', 'video')[0]).toMatchObject({ isKey: true });
      expect(decodedFrames(alone, 'segment.mp4', 'video')).toHaveLength(samplesOfSegment(segment).length);
    }
  });
});
