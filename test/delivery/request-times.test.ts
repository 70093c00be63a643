import { afterEach, expect, test } from 'vitest';
import { requestLanes } from '../../src/delivery/request-times.ts';
import { until } from '../support/until.ts';
import { get, playlist, raw, statuses } from './fast-lane/lane-rig.ts';
import { answerOf, ask, type SecureRig, secureRig, session } from './secure/secure-rig.ts';

const growing = '/dash/st1/source/segment-2.m4s';
/** Long beside what an answer takes on a busy machine. */
const heldMs = 1000;

let rig: SecureRig;
afterEach(() => rig.stop());

/** How many requests of each lane were timed, and how long they took, seconds. */
function timed(): Record<string, { readonly count: number; readonly sumSeconds: number }> {
  const { requestSeconds } = rig.delivery.stats();
  return Object.fromEntries(
    requestLanes.map((lane) => {
      const { counts, sumSeconds } = requestSeconds[lane];
      return [lane, { count: counts.reduce((sum, count) => sum + count, 0), sumSeconds }];
    }),
  );
}

test('the wait for media is no part of the time to answer, over HTTP/2 and over node:http', async () => {
  rig = await secureRig();
  const next = `${playlist}?_HLS_msn=2&_HLS_part=0`;
  const viewer = await session(rig.port);
  const asked = Array.from({ length: 16 }, () => ask(viewer, next));
  const plain = await raw(rig.plainPort, get(next));
  await until('all are held', () => rig.delivery.stats().waiters === 17);
  const sinceMs = performance.now();
  await until('they have waited', () => performance.now() - sinceMs > heldMs);
  expect(timed()).toMatchObject({ http2: { count: 0 }, full: { count: 0 } });
  rig.video.open();
  rig.video.part();
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  await until('both are timed', () => statuses(plain.received()).length === 1 && timed().full!.count === 1);
  expect(timed()).toMatchObject({ http2: { count: 1 }, full: { count: 1 } });
  for (const lane of ['http2', 'full']) expect(timed()[lane]!.sumSeconds * 1000).toBeLessThan(heldMs);
  viewer.destroy();
  plain.socket.destroy();
});

test('answers that are made while they are sent, and those that viewers break off, are not timed', async () => {
  rig = await secureRig();
  rig.video.open();
  rig.video.part();
  const viewer = await session(rig.port);
  const followed = Array.from({ length: 16 }, () => ask(viewer, growing));
  const plain = await raw(rig.plainPort, get(growing));
  const left = Array.from({ length: 16 }, () => viewer.request({ ':path': `${playlist}?_HLS_msn=3` }));
  const leaving = left.map((stream) => answerOf(stream));
  await until('all are under way', () => rig.delivery.stats().waiters === 16);
  for (const stream of left) stream.close(8);
  await Promise.all(leaving);
  await until('they have left', () => rig.delivery.stats().waiters === 0);
  rig.video.close();
  expect((await Promise.all(followed)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  await until('the last chunk is there', () => plain.received().endsWith('0\r\n\r\n'));
  expect(timed()).toMatchObject({ http2: { count: 0 }, full: { count: 0 } });
  viewer.destroy();
  plain.socket.destroy();
});
