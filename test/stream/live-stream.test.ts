import { expect, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
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

const tooHigh = new StreamctlError('ACCESS_POLICY_HEIGHT', {
  widthPixels: 2560,
  heightPixels: 1440,
  allowedPixels: 1080,
});

test('a publisher that breaks the policy before anything was seen is sent away, and the next one goes on with the stream', () => {
  const broadcast = new Broadcast();
  broadcast.attach();
  broadcast.stream.breakPolicy(tooHigh);
  expect(broadcast.dismissals).toEqual(['policy']);
  expect(broadcast.changes).toEqual([{ type: 'refused', error: tooHigh }]);
  expect(broadcast.stream.state).toBe('PENDING_INGEST');
  const next = broadcast.attach();
  next.videoConfig(videoConfig);
  play(broadcast, next, sourceUnits({ ...source, audio: false }));
  expect(broadcast.stream.state).toBe('ACTIVE');
});

test('a broadcast that breaks the policy while it is watched ends, with what was wrong', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  play(broadcast, publication, sourceUnits({ ...source, audio: false }));
  broadcast.stream.breakPolicy(tooHigh);
  expect(broadcast.dismissals).toEqual(['policy']);
  expect(broadcast.changes.at(-1)).toEqual({ type: 'ended', state: 'ERROR', reason: 'policy', error: tooHigh });
  expect(broadcast.windows.find('st_1')!.isEnded).toBe(true);
});

test('input that nothing can be made of ends a broadcast that was watched; before that, it may be published anew', () => {
  const error = new StreamctlError('RTMP_INPUT_UNUSABLE', { why: 'VP6 is not carried' });
  const broadcast = new Broadcast();
  broadcast.attach().fail(error);
  expect(broadcast.changes).toEqual([{ type: 'refused', error }]);
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  play(broadcast, publication, sourceUnits({ ...source, audio: false }));
  publication.fail(error);
  expect(broadcast.changes.at(-1)).toEqual({ type: 'ended', state: 'ERROR', reason: 'input', error });
});

test('a publisher that is back in time may take until after the grace to its first keyframe', () => {
  const broadcast = new Broadcast();
  const first = broadcast.attach();
  first.videoConfig(videoConfig);
  play(broadcast, first, sourceUnits({ ...source, audio: false }));
  first.end('lost');
  broadcast.wait(29_000);
  const second = broadcast.attach();
  second.videoConfig(videoConfig);
  broadcast.wait(5000);
  expect(broadcast.stream.state).toBe('ACTIVE');
  play(broadcast, second, sourceUnits({ ...source, audio: false }));
  expect(broadcast.changes.at(-1)?.type).toBe('resumed');
});

test('a stream is of the key it was published with last', () => {
  const { stream } = new Broadcast();
  const connection = { id: 'c', remoteAddress: '', encoder: '', dismiss: () => {} };
  stream.attach(connection, 'first');
  stream.attach(connection, 'second').end('lost');
  expect(stream.keyId).toBe('second');
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

test('a frame arrived when its first bytes did; one that came over no network arrived when it was handed in', () => {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  const [first, second] = sourceUnits({ ...source, audio: false });
  const cameMs = broadcast.clock.monotonicMs() - 120;
  publication.accessUnit({ ...first!, arrivedAtMs: cameMs });
  expect(broadcast.stream.arrivals.of(broadcast.stream.nowMs())).toBe(cameMs);
  broadcast.clock.advance(40);
  publication.accessUnit(second!);
  expect(broadcast.stream.arrivals.of(broadcast.stream.nowMs())).toBe(broadcast.clock.monotonicMs());
});
