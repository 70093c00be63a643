import { expect, test } from 'vitest';
import { MessageBuffers } from '../../../src/rtmp/message-buffers.ts';
import { mutate, recordedSessions, runMutated, seeded } from './mutated-session.ts';

test('2,000 mutated sessions break nothing, keep nothing and mostly get to publish', async () => {
  const random = seeded(20_261_122);
  const recordings = recordedSessions();
  const buffers = new MessageBuffers({ limitBytes: 64 << 20, keepBytes: 1 << 20 });
  let published = 0;
  for (let i = 0; i < 2000; i++) {
    const { defect, reachedPublishing } = await runMutated(mutate(recordings, random), buffers, random);
    expect(defect, `mutation ${i}`).toBeUndefined();
    if (reachedPublishing) published++;
  }
  expect(published).toBeGreaterThan(700);
  expect(buffers.peakLentBytes).toBeLessThan(8 << 20);
});

test('an unmutated recording passes the same checks, with its frames', async () => {
  const buffers = new MessageBuffers({ limitBytes: 64 << 20, keepBytes: 0 });
  for (const recording of recordedSessions()) {
    const outcome = await runMutated(recording, buffers, seeded(1));
    expect(outcome.defect).toBeUndefined();
    expect(outcome.units).toBeGreaterThanOrEqual(20);
  }
});
