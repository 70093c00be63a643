import { expect, test } from 'vitest';
import { audioConfig, Broadcast, play, sourceUnits, videoConfig } from '../packager/broadcast.ts';

const source = { fps: 30, gopFrames: 60, seconds: 3 };

test('a stream is pending until its first keyframe', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  const [first, ...rest] = sourceUnits({ ...source, audio: false });
  publication.accessUnit(rest[0]!);
  expect(broadcast.stream.state).toBe('PENDING_INGEST');
  publication.accessUnit(first!);
  expect(broadcast.stream.state).toBe('ACTIVE');
  expect(broadcast.stream.repairs.droppedFrames).toBe(1);
});

test('a stream that nobody publishes to ends after the pending time-out', () => {
  const broadcast = new Broadcast();
  broadcast.wait(300_100);
  expect(broadcast.changes).toEqual([{ type: 'ended', state: 'ERROR', reason: 'no_publisher' }]);
});

test('a goodbye ends the stream gracefully', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  play(broadcast, publication, sourceUnits({ ...source, audio: false }));
  publication.end('goodbye');
  expect(broadcast.changes.at(-1)).toEqual({ type: 'ended', state: 'ENDED_GRACEFULLY', reason: 'publisher' });
  expect(broadcast.windows.find('st_1')!.isEnded).toBe(true);
});

test('the newest publisher wins at once: the old one is told, and its late frames reach nobody', () => {
  const broadcast = new Broadcast();
  const old = broadcast.attach();
  old.videoConfig(videoConfig);
  play(broadcast, old, sourceUnits({ ...source, audio: false }));
  const newer = broadcast.attach();
  newer.videoConfig(videoConfig);
  expect(broadcast.dismissals).toEqual(['replaced']);
  const before = broadcast.rendition('source').version;
  old.accessUnit(sourceUnits(source)[0]!);
  old.end('goodbye');
  expect(broadcast.rendition('source').version).toBe(before);
  play(broadcast, newer, sourceUnits({ ...source, audio: false }));
  expect(broadcast.stream.state).toBe('ACTIVE');
  expect(broadcast.packager.counters.discontinuities).toBe(1);
});

test.each([
  ['operator', 'ENDED_GRACEFULLY', 'operator'],
  ['key_revoked', 'ERROR', 'key_revoked'],
] as const)('a stop by %s dismisses the publisher and ends the stream', (reason, state, endReason) => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  play(broadcast, publication, sourceUnits({ ...source, audio: false }));
  broadcast.stream.stop(reason);
  expect(broadcast.dismissals).toEqual([reason]);
  expect(broadcast.changes.at(-1)).toEqual({ type: 'ended', state, reason: endReason });
});

test('audio that came before the first keyframe is kept when it belongs to it, and counted when not', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  publication.audioConfig(audioConfig);
  const units = sourceUnits({ ...source, startMs: 1000 });
  const early = units.filter((unit) => unit.kind === 'audio').slice(0, 10);
  for (const unit of early) publication.accessUnit({ ...unit, dtsMs: unit.dtsMs - 230 });
  play(broadcast, publication, units);
  expect(broadcast.stream.repairs.droppedFrames).toBe(8);
  expect(broadcast.packager.repairs.droppedFrames).toBe(0);
});
