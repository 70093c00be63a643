import { expect, test } from 'vitest';
import { audioConfig, Broadcast, play, sourceUnits, videoConfig } from './broadcast.ts';

/** What viewers see of twelve seconds in the middle of which the wall clock is set by so much. */
function broadcastWith(setByMs: number) {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  const units = sourceUnits({ fps: 30, gopFrames: 60, seconds: 12 });
  const before = units.filter(({ dtsMs }) => dtsMs < 6000);
  play(broadcast, publication, before);
  broadcast.clock.setWallBy(setByMs);
  play(broadcast, publication, units.slice(before.length));
  const { stream } = broadcast.windows.find('st_1')!;
  const seen = broadcast.segments('source').map(({ msn, startTicks, isGap, isDiscontinuity }) => {
    return { msn, startTicks, isGap, isDiscontinuity };
  });
  return { availabilityStartMs: stream.availabilityStartMs, seen, changes: broadcast.changes.map(({ type }) => type) };
}

test.each([3_600_000, -3_600_000])('a wall clock that is set by %d ms changes nothing of a broadcast', (setByMs) => {
  const { seen } = broadcastWith(0);
  expect(seen.length).toBeGreaterThan(4);
  expect(broadcastWith(setByMs)).toEqual(broadcastWith(0));
});
