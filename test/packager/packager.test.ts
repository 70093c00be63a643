import { describe, expect, test } from 'vitest';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { Segment } from '../../src/stream/window.ts';
import { audioConfig, Broadcast, play, type SourceOptions, samplesOf, sourceUnits, videoConfig } from './broadcast.ts';

function broadcastOf(source: SourceOptions, options: ConstructorParameters<typeof Broadcast>[0] = {}): Broadcast {
  const broadcast = new Broadcast(options);
  const publication = broadcast.attach();
  if (source.video !== false) publication.videoConfig(videoConfig);
  if (source.audio !== false) publication.audioConfig(audioConfig);
  play(broadcast, publication, sourceUnits(source));
  publication.end('goodbye');
  return broadcast;
}

const seconds = (segment: Segment, timescale: number) => segment.durationTicks / timescale;

const rates = [12.5, 23.976, 24, 25, 29.97, 30, 50, 59.94, 60];

describe.each(rates)('a source of %d frames per second', (fps) => {
  const source = { fps, gopFrames: Math.round(2 * fps), seconds: 9, bFrames: true };
  const broadcast = broadcastOf(source);
  const { stream } = broadcast.windows.find('st_1')!;

  test('has its rate measured', () => {
    expect(broadcast.rendition('source').description.frameRate).toBeCloseTo(fps, 2);
  });

  test.each(['source', 'audio'])(
    'fills every part of %s to 85–100 %% of the target but the last of a segment',
    (name) => {
      const { description } = broadcast.rendition(name);
      for (const segment of broadcast.segments(name)) {
        segment.parts.forEach((part, index) => {
          const ms = (part.durationTicks * 1000) / description.timescale;
          expect(ms).toBeLessThanOrEqual(stream.partTargetMs);
          if (index < segment.parts.length - 1) expect(ms).toBeGreaterThanOrEqual(0.85 * stream.partTargetMs);
        });
      }
    },
  );

  test.each(['source', 'audio'])(
    'gives each fragment of %s the running sum of durations as its decode time',
    (name) => {
      let expected: number | undefined;
      for (const segment of broadcast.segments(name)) {
        for (const part of segment.parts) {
          const [fragment] = readFragments(part.bytes);
          expect(fragment!.baseDecodeTimeTicks).toBe(part.startTicks);
          if (expected !== undefined) expect(part.startTicks).toBe(expected);
          const sum = fragment!.samples.reduce((ticks, sample) => ticks + sample.durationTicks, 0);
          expect(sum).toBe(part.durationTicks);
          expected = part.startTicks + sum;
        }
      }
    },
  );

  test('keeps every frame and its exact presentation time', () => {
    const sent = sourceUnits(source).filter((unit) => unit.kind === 'video');
    const samples = samplesOf(broadcast, 'source');
    const shift = samples[0]!.pts - (sent[0]!.dtsMs + sent[0]!.compositionOffsetMs) * 90;
    expect(samples.map((sample) => sample.pts - shift)).toEqual(
      sent.map((unit) => (unit.dtsMs + unit.compositionOffsetMs) * 90),
    );
    expect(samples.filter((sample) => sample.isSync)).toHaveLength(sent.filter((unit) => unit.isSync).length);
    expect(samplesOf(broadcast, 'audio')).toHaveLength(
      sourceUnits(source).filter((unit) => unit.kind === 'audio').length,
    );
  });

  test('starts segments of equal number at the same time in both renditions, at a keyframe', () => {
    const audio = broadcast.segments('audio');
    broadcast.segments('source').forEach((segment, index) => {
      expect(segment.parts[0]!.isIndependent).toBe(true);
      expect(audio[index]!.msn).toBe(segment.msn);
      // The first audio frame may stand before the first picture by its reordering.
      const toleranceSeconds = index === 0 ? 1.1 / fps : 0.03;
      expect(Math.abs(audio[index]!.startTicks / 44100 - segment.startTicks / 90000)).toBeLessThan(toleranceSeconds);
    });
  });
});

test('the stream is not seen before its first segment is complete', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  const units = sourceUnits({ fps: 30, gopFrames: 60, seconds: 4 });
  play(
    broadcast,
    publication,
    units.filter((unit) => unit.dtsMs < 2000),
  );
  expect(broadcast.messages).toEqual([]);
  play(
    broadcast,
    publication,
    units.filter((unit) => unit.dtsMs >= 2000 && unit.dtsMs < 2050),
  );
  expect(broadcast.messages[0]?.type).toBe('stream');
  expect(broadcast.rendition('source').lastComplete?.msn).toBe(1);
});

test('a frame rate whose frames do not fill the part target gets a target that they fill', () => {
  const broadcast = broadcastOf({ fps: 5, gopFrames: 10, seconds: 9 });
  expect(broadcast.windows.find('st_1')!.stream.partTargetMs).toBe(402);
});

test('one frame a second is published in parts of a second', () => {
  const broadcast = broadcastOf({ fps: 1, gopFrames: 2, seconds: 9, audio: false });
  const { stream } = broadcast.windows.find('st_1')!;
  expect(stream.partTargetMs).toBe(1002);
  expect(broadcast.segments('source').map((segment) => segment.parts.length)).toEqual([2, 2, 2, 2, 1]);
});

describe('the distance of keyframes', () => {
  test('of half a second gives segments of the wanted duration', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 15, seconds: 9 });
    expect(
      broadcast
        .segments('source')
        .slice(0, 4)
        .map((s) => seconds(s, 90000)),
    ).toEqual([2, 2, 2, 2]);
    expect(broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(2);
  });

  test('up to 1.5 segments decides the target duration', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 80, seconds: 9 });
    expect(broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(3);
    expect(broadcast.notices).toEqual([]);
  });

  test("of OBS' default, 250 frames, gives whole GOPs under the longest target duration, and a warning", () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 250, seconds: 26 });
    expect(broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(10);
    expect(
      broadcast
        .segments('source')
        .slice(0, 3)
        .map((s) => seconds(s, 90000)),
    ).toEqual([8.333, 8.334, 8.333]);
    expect(broadcast.notices.map((notice) => notice.type)).toEqual(['long-gop']);
  });

  test('without end is cut at the limit, counted and not claimed independent', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 100_000, seconds: 25 });
    const segments = broadcast.segments('source');
    expect(Math.round(seconds(segments[0]!, 90000))).toBe(10);
    expect(segments[1]!.parts[0]!.isIndependent).toBe(false);
    expect(broadcast.packager.counters.forcedCuts).toBe(2);
    expect(broadcast.notices.map((notice) => notice.type)).toEqual(['long-gop', 'forced-cut', 'forced-cut']);
  });

  test('that grows beyond the target duration is cut there', () => {
    const broadcast = new Broadcast();
    const publication = broadcast.attach();
    publication.videoConfig(videoConfig);
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 4, audio: false }));
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 600, seconds: 10, startMs: 4000, audio: false }));
    for (const segment of broadcast.segments('source')) {
      expect(Math.round(seconds(segment, 90000))).toBeLessThanOrEqual(2);
    }
    expect(broadcast.packager.counters.forcedCuts).toBeGreaterThan(2);
  });
});

test('the last part of a segment is foreseen from the distance of keyframes, also in the first segment after a reconnect', () => {
  const broadcast = new Broadcast();
  for (const seconds of [7, 7]) {
    const publication = broadcast.attach();
    publication.videoConfig(videoConfig);
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 30, seconds, audio: false }));
    publication.end('lost');
    broadcast.wait(1000);
  }
  const whole = broadcast.segments('source').filter((segment) => segment.durationTicks === 2 * 90000);
  expect(whole).toHaveLength(6);
  for (const segment of whole.slice(1)) {
    expect(segment.parts.map((part) => part.isPredictedLast)).toEqual([false, false, false, true]);
  }
});

test('where keyframes keep no distance, what is hinted behind a part is known and not foreseen', () => {
  const gopFrames = [60, 75, 45, 75, 60, 45, 61, 75];
  const broadcast = broadcastOf({ fps: 30, gopFrames, seconds: 40, audio: false });
  const segments = broadcast.segments('source').slice(2, -1);
  expect(new Set(segments.map((segment) => segment.parts.length)).size).toBeGreaterThan(1);
  for (const { parts } of segments) {
    expect(parts.map((part) => part.isPredictedLast)).toEqual(parts.map((_, index) => index === parts.length - 1));
  }
});

describe('tracks', () => {
  test('video without audio has one rendition', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 60, seconds: 5, audio: false });
    expect([...broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source']);
  });

  test('audio without video is cut on its own grid', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 60, seconds: 9, video: false });
    expect([...broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['audio']);
    for (const segment of broadcast.segments('audio').slice(0, -1)) {
      expect(Math.abs(seconds(segment, 44100) - 2)).toBeLessThan(0.03);
    }
    expect(broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(2);
  });

  test('audio that comes ten seconds late starts behind a discontinuity of both renditions', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 60, seconds: 15, audioFromMs: 10_500 });
    const first = broadcast.segments('audio')[0]!;
    const sibling = broadcast.segments('source').find((segment) => segment.msn === first.msn)!;
    expect(first.isDiscontinuity && sibling.isDiscontinuity).toBe(true);
    expect(first.startTicks / 44100).toBeCloseTo(sibling.startTicks / 90000, 1);
  });

  test('audio that stops is filled with counted silence', () => {
    const broadcast = broadcastOf({ fps: 30, gopFrames: 60, seconds: 12, audioUntilMs: 5000 });
    expect(broadcast.segments('audio').filter((segment) => segment.isComplete).length).toBeGreaterThanOrEqual(5);
    expect(broadcast.segments('audio').some((segment) => segment.isGap)).toBe(false);
    expect(broadcast.packager.repairs.silentFrames).toBeGreaterThan(200);
  });

  test('a new encoding without a reconnect gets a new init segment behind a discontinuity', () => {
    const broadcast = new Broadcast();
    const publication = broadcast.attach();
    publication.videoConfig(videoConfig);
    publication.audioConfig(audioConfig);
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 4 }));
    const other = Uint8Array.from(videoConfig.record);
    other[3] = 0x1f;
    publication.videoConfig({ ...videoConfig, codecString: 'avc1.64001f', record: other });
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 5, startMs: 4000 }));
    const changed = broadcast.segments('source').find((segment) => segment.isDiscontinuity)!;
    expect(changed).toMatchObject({ msn: 3, initVersion: 2 });
    expect([...broadcast.rendition('source').descriptions.keys()]).toEqual([1, 2]);
    expect(broadcast.segments('audio').find((segment) => segment.isDiscontinuity)?.msn).toBe(3);
  });
});
