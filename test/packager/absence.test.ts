import { describe, expect, test } from 'vitest';
import { audioConfig, Broadcast, play, sourceUnits, videoConfig } from './broadcast.ts';

describe('a publisher that is away', () => {
  function absence(ms: number) {
    const broadcast = new Broadcast();
    const before = broadcast.attach();
    before.videoConfig(videoConfig);
    before.audioConfig(audioConfig);
    play(broadcast, before, sourceUnits({ fps: 30, gopFrames: 60, seconds: 5.4 }));
    before.end('lost');
    broadcast.wait(ms);
    const after = broadcast.attach();
    after.videoConfig(videoConfig);
    after.audioConfig(audioConfig);
    play(broadcast, after, sourceUnits({ fps: 30, gopFrames: 60, seconds: 5 }));
    return broadcast;
  }

  test('for a moment leaves one discontinuity and no gap', () => {
    const broadcast = absence(2000);
    expect(broadcast.packager.counters).toMatchObject({ gapSegments: 0, discontinuities: 1 });
    expect(broadcast.segments('source').map((s) => s.isDiscontinuity)).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(broadcast.rendition('source').description.init.version).toBe(1);
  });

  test('right after a single frame leaves a segment with picture and sound', () => {
    const broadcast = absence(2000);
    const publication = broadcast.attach();
    publication.videoConfig(videoConfig);
    publication.audioConfig(audioConfig);
    const [first] = sourceUnits({ fps: 30, gopFrames: 60, seconds: 1, audio: false });
    publication.accessUnit(first!);
    publication.end('lost');
    broadcast.wait(1000);
    const [video, audio] = ['source', 'audio'].map((name) => broadcast.segments(name).at(-1)!);
    expect(video).toMatchObject({ isDiscontinuity: true, isGap: false });
    expect(audio).toMatchObject({ msn: video!.msn, isDiscontinuity: true, isGap: false });
  });

  test('for 25 s is covered by gaps to the moment of its return, in both renditions alike', () => {
    const broadcast = absence(25_000);
    for (const name of ['source', 'audio']) {
      const { timescale } = broadcast.rendition(name).description;
      const segments = broadcast.segments(name);
      expect(segments.filter((segment) => segment.isGap).length).toBe(13);
      segments.slice(1).forEach((segment, index) => {
        const before = segments[index]!;
        const endTicks = before.startTicks + before.durationTicks;
        expect(Math.abs(segment.startTicks - endTicks) / timescale).toBeLessThan(0.06);
        expect(segment.msn).toBe(before.msn + 1);
      });
    }
    expect(broadcast.segments('audio').map((s) => s.isDiscontinuity)).toEqual(
      broadcast.segments('source').map((s) => s.isDiscontinuity),
    );
    expect(broadcast.changes.map((change) => change.type)).toEqual(['started', 'interrupted', 'resumed']);
  });

  test('never leaves a playlist without a new segment for 1.5 target durations', () => {
    for (const name of ['source', 'audio']) {
      const listed = absence(25_000).listedMs.get(name)!;
      const pauses = listed.slice(1).map((at, index) => at - listed[index]!);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(3000);
    }
  });

  test('for longer than the grace ends the stream with an error', () => {
    const broadcast = new Broadcast();
    const publication = broadcast.attach();
    publication.videoConfig(videoConfig);
    play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 5, audio: false }));
    publication.end('lost');
    broadcast.wait(30_100);
    expect(broadcast.changes.at(-1)).toEqual({ type: 'ended', state: 'ERROR', reason: 'publisher_lost' });
    expect(broadcast.windows.find('st_1')!.isEnded).toBe(true);
  });
});

test('a publisher that falls silent while connected gets gaps, and goes on behind a discontinuity at a keyframe', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  const units = sourceUnits({ fps: 30, gopFrames: 60, seconds: 20 });
  play(
    broadcast,
    publication,
    units.filter((unit) => unit.dtsMs < 5000),
  );
  broadcast.wait(6000);
  // The backlog arrives at once, then the source is live again.
  for (const unit of units.filter((u) => u.dtsMs >= 5000 && u.dtsMs < 11_000)) publication.accessUnit(unit);
  play(
    broadcast,
    publication,
    units.filter((unit) => unit.dtsMs >= 11_000),
  );
  const segments = broadcast.segments('source');
  const resumed = segments.find((segment) => segment.isDiscontinuity)!;
  expect(segments.filter((segment) => segment.isGap).length).toBeGreaterThan(1);
  expect(resumed.parts[0]!.isIndependent).toBe(true);
  // On the true time line: the first keyframe behind the gaps, 10 s into the source, stands 10 s after its first.
  expect(resumed.startTicks / 90000 - segments[0]!.startTicks / 90000).toBeCloseTo(10, 1);
});

test('after a crash numbers go on, target durations stay, and gaps cover the time that has passed', () => {
  const first = new Broadcast();
  const publication = first.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  play(first, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 7 }));
  const continuity = first.packager.continuity()!;
  first.clock.advance(8000);
  const second = new Broadcast({ continuity, clock: first.clock });
  expect(second.stream.state).toBe('ACTIVE');
  expect(second.stream.interruptedSinceMs).toBe(first.clock.wallMs());
  const again = second.attach();
  again.videoConfig(videoConfig);
  again.audioConfig(audioConfig);
  play(second, again, sourceUnits({ fps: 30, gopFrames: 60, seconds: 5 }));
  const segments = second.segments('source');
  expect(segments[0]!.msn).toBeGreaterThan(first.segments('source').at(-1)!.msn);
  expect(segments[0]!.isGap).toBe(true);
  const media = segments.find((segment) => !segment.isGap)!;
  expect(media.isDiscontinuity).toBe(true);
  expect(media.startTicks / 90000 - first.segments('source')[0]!.startTicks / 90000).toBeCloseTo(15, 1);
  expect(second.windows.find('st_1')!.stream).toMatchObject({ targetDurationSeconds: 2, partTargetMs: 500 });
  expect(continuity.renditions[0]!.measured!.peakBps).toBe(first.rendition('source').peakBitrateBps);
});
