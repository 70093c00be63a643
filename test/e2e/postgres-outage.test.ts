import { expect, test } from 'vitest';
import { rehearseStoreOutage } from '../support/store-outage.ts';
import { streamctl } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';

// Longer, under load: npm run soak -- store-outage
test('while Postgres is away broadcasts go on, a publisher comes back and a new one comes; afterwards everything is in the store, in order', {
  timeout: 120_000,
}, async () => {
  const report = await rehearseStoreOutage({ outageSeconds: 8, publishers: 2 });
  expect(report.watch.findings).toEqual([]);
  expect(report.watch.segments).toBeGreaterThan(3);
  const degraded = '200 degraded: the store does not answer';
  expect(report.readiness).toEqual(['200 ready', degraded, '200 ready']);
  expect(report.isWarned).toEqual([false, true, false]);
  expect(report.apiAnswer).toMatchObject({ status: 503, code: 'STORE_UNREACHABLE' });
  expect(report.apiAnswer.tookMs).toBeLessThan(5000);
  expect(report.figures).toMatchObject([
    { up: 0, lost: 0 },
    { up: 1, waiting: 0, lost: 0 },
  ]);
  expect(report.backAfterMs.written).toBeLessThan(5000);
  expect(report.eventsOutOfOrder).toBe(0);
  expect(report.events).toEqual({
    'stage-1': ['stream.created', 'stream.started', 'stream.interrupted', 'stream.resumed'],
    'stage-2': ['stream.created', 'stream.started', 'stream.ended'],
    'stage-3': ['stream.created', 'stream.started'],
  });
  expect(report.states).toEqual({ 'stage-1': 'ACTIVE', 'stage-2': 'ENDED_GRACEFULLY', 'stage-3': 'ACTIVE' });
});

test('a server whose store is not there does not start: it says why, and not the password', async () => {
  const url = 'postgres://streamctl:secret@127.0.0.1:1/streamctl';
  const { code, stdout, stderr } = await streamctl(
    tempDir(),
    ['serve', '--http-listen', '127.0.0.1:0', '--rtmp-listen', '127.0.0.1:0'],
    {
      STREAMCTL_STORE_URL: url,
    },
  );
  expect(code).toBe(5);
  expect(stderr).toContain('The store postgres://127.0.0.1:1/streamctl does not answer');
  expect(stdout + stderr).not.toContain('secret');
});
