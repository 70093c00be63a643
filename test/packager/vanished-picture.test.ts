import { expect, test } from 'vitest';
import { audioConfig, Broadcast, play, sourceUnits, videoConfig } from './broadcast.ts';

/** Sound alone goes on behind a picture that vanished, and comes in bursts: each this long, at its end. */
function vanished(burstMs: number): Broadcast {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  const units = sourceUnits({ fps: 30, gopFrames: 60, seconds: 20 });
  play(
    broadcast,
    publication,
    units.filter(({ dtsMs }) => dtsMs < 5000),
  );
  const sound = units.filter(({ kind, dtsMs }) => kind === 'audio' && dtsMs >= 5000);
  for (let fromMs = 5000; fromMs < 20_000; fromMs += burstMs) {
    broadcast.wait(burstMs);
    for (const unit of sound) {
      if (unit.dtsMs >= fromMs && unit.dtsMs < fromMs + burstMs) publication.accessUnit(unit);
    }
  }
  publication.end('goodbye');
  return broadcast;
}

for (const burstMs of [100, 900, 1300, 1900, 2500]) {
  test(`sound that comes every ${burstMs} ms keeps to the times of the picture's gaps`, () => {
    const broadcast = vanished(burstMs);
    const [video, audio] = ['source', 'audio'].map((name) => broadcast.segments(name));
    expect(audio!.map(({ msn }) => msn)).toEqual(video!.map(({ msn }) => msn));
    for (const [index, segment] of audio!.entries()) {
      const offMs = (segment.startTicks / 44_100 - video![index]!.startTicks / 90_000) * 1000;
      expect(Math.abs(offMs), `segment ${segment.msn}`).toBeLessThan(110);
    }
    expect(video!.filter(({ isGap }) => isGap).length).toBeGreaterThan(5);
  });
}
