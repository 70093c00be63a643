import { expect, test } from 'vitest';
import { restorable } from '../../src/pipeline/restorable.ts';
import type { JsonValue } from '../../src/store/ports/json-value.ts';
import { continuityToJson } from '../../src/stream/continuity-json.ts';
import { Broadcast, play, sourceUnits, videoConfig } from '../packager/broadcast.ts';
import { someStream } from '../support/rows.ts';

function someContinuity(): JsonValue {
  const broadcast = new Broadcast();
  const publication = broadcast.attach();
  publication.videoConfig(videoConfig);
  play(broadcast, publication, sourceUnits({ fps: 30, gopFrames: 60, seconds: 7, audio: false }));
  return continuityToJson(broadcast.packager.continuity()!) as unknown as JsonValue;
}

function restored(rows: Parameters<typeof restorable>[0], node?: string) {
  const ended: unknown[] = [];
  const streams = restorable(rows, {
    records: { ended: (...args) => void ended.push(args) },
    isRevoked: (keyId) => keyId === 'revoked',
    node,
  });
  return { ids: streams.map(({ id }) => id), streams, ended };
}

test('a stream that waits for its first publisher goes on waiting since when it was announced', () => {
  const row = someStream({ createdAtMs: 77, keyId: 'good' });
  expect(restored([row]).streams).toEqual([{ id: row.id, channel: row.channel, keyId: 'good', createdAtMs: 77 }]);
});

test('an ACTIVE stream is taken up where its playlists go on; one that nobody has seen is over', () => {
  const seen = someStream({ state: 'ACTIVE', continuity: someContinuity() });
  const unseen = someStream({ state: 'ACTIVE' });
  const { ids, streams, ended } = restored([seen, unseen]);
  expect(ids).toEqual([seen.id]);
  expect(streams[0]?.continuity?.nextMsn).toBeGreaterThan(0);
  expect(ended).toEqual([[unseen.id, 'ERROR', 'publisher_lost']]);
});

test('a key that was revoked while no server ran ends what was announced or published with it', () => {
  const pending = someStream({ keyId: 'revoked' });
  const active = someStream({ keyId: 'revoked', state: 'ACTIVE', continuity: someContinuity() });
  const { ids, ended } = restored([pending, active]);
  expect(ids).toEqual([]);
  expect(ended).toEqual([pending, active].map(({ id }) => [id, 'ERROR', 'key_revoked']));
});

test('of a store that others write to, a node takes up only what is its own, and leaves the rest alone', () => {
  const own = someStream({ node: 'a' });
  const foreign = [someStream({ node: 'b' }), someStream({ node: 'b', state: 'ACTIVE' })];
  expect(restored([own, ...foreign], 'a')).toMatchObject({ ids: [own.id], ended: [] });
});
