import { expect, test } from 'vitest';
import { sweepIntervalMs } from '../../../src/ingest/rtmp/limits.ts';
import { userControlEvent } from '../../../src/rtmp/control.ts';
import { messageType } from '../../../src/rtmp/message.ts';
import { SessionRig, settled } from './session-rig.ts';

/** Lets time pass as it passes in a server: deadlines are looked at every sweep. */
function pass(rig: SessionRig, ms: number, eachSweep: () => void = () => {}): void {
  for (let passed = 0; passed < ms; passed += sweepIntervalMs) {
    rig.clock.advance(sweepIntervalMs);
    eachSweep();
    rig.session.sweep(rig.clock.monotonicMs());
  }
}

test('a silent connection is closed after eight seconds', () => {
  const rig = new SessionRig();
  pass(rig, 7500);
  expect(rig.isDestroyed).toBe(false);
  pass(rig, 500);
  expect(rig.isDestroyed).toBe(true);
  expect(rig.events).toEqual(['refused: RTMP_TOO_SLOW']);
});

test('a handshake byte every half second does not gain time', () => {
  const rig = new SessionRig();
  pass(rig, 8000, () => rig.session.receive(Uint8Array.of(3)));
  expect(rig.isDestroyed).toBe(true);
});

test('who has not published ten seconds after the handshake is closed, however busy', async () => {
  const rig = new SessionRig();
  pass(rig, 7000);
  await rig.connect();
  pass(rig, 9500, () => rig.command('createStream', 2, [null]));
  expect(rig.isDestroyed).toBe(false);
  pass(rig, 500, () => rig.command('createStream', 2, [null]));
  expect(rig.isDestroyed).toBe(true);
});

test('steps on the way do not gain time: connect after six seconds leaves four', async () => {
  const rig = new SessionRig();
  await rig.shakeHands();
  pass(rig, 6000);
  rig.command('connect', 1, [{ app: 'live' }]);
  pass(rig, 3500);
  expect(rig.isDestroyed).toBe(false);
  pass(rig, 500);
  expect(rig.isDestroyed).toBe(true);
});

test('a check that never ends does not hold the connection, nor gain it time', async () => {
  const rig = new SessionRig({ authorizePublish: () => new Promise(() => {}) });
  await rig.connect();
  pass(rig, 6000);
  rig.command('publish', 0, [null, 'key', 'live'], 1);
  pass(rig, 3500);
  expect(rig.isDestroyed).toBe(false);
  pass(rig, 500);
  expect(rig.isDestroyed).toBe(true);
});

test('a publisher that goes silent is lost within ten seconds', async () => {
  const rig = new SessionRig();
  await rig.publish();
  pass(rig, 60_000, () => rig.say({ chunkStreamId: 4, typeId: messageType.audio, payload: Uint8Array.of(0xaf) }));
  expect(rig.publications.last.ended).toBeUndefined();
  pass(rig, 10_000);
  expect(rig.publications.last.ended).toBe('lost');
  expect(rig.isDestroyed).toBe(true);
});

test('one byte is enough to live on', async () => {
  const rig = new SessionRig();
  await rig.publish();
  const bytes = rig.bytesOf({ chunkStreamId: 4, typeId: messageType.audio, payload: new Uint8Array(100) });
  let at = 0;
  pass(rig, 40_000, () => {
    rig.session.receive(bytes.slice(at, at + 1));
    at++;
  });
  expect(rig.publications.last.ended).toBeUndefined();
});

test('a peer that does not close after the last words is cut off', async () => {
  const rig = new SessionRig();
  await rig.publish('wrong');
  expect(rig.isClosed).toBe(true);
  pass(rig, 2000);
  expect(rig.isDestroyed).toBe(true);
});

test('a publisher is pinged now and then, and need not answer', async () => {
  const rig = new SessionRig();
  await rig.publish();
  pass(rig, 60_000, () => rig.say({ chunkStreamId: 4, typeId: messageType.audio, payload: Uint8Array.of(0xaf) }));
  const pings = rig.heard.filter(
    ({ typeId, payload }) =>
      typeId === messageType.userControl && payload.readUInt16BE() === userControlEvent.pingRequest,
  );
  expect(pings.length).toBe(3);
});

test('time in which the process stood still is nobody’s fault', async () => {
  const rig = new SessionRig();
  await rig.publish();
  rig.clock.advance(20_000);
  rig.session.forgive(20_000 - sweepIntervalMs);
  rig.session.sweep(rig.clock.monotonicMs());
  await settled();
  expect(rig.publications.last.ended).toBeUndefined();
});
