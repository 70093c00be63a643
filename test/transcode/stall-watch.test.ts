import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type ProcessActivity, readProcessActivity } from '../../src/transcode/process-activity.ts';
import { StallWatch } from '../../src/transcode/stall-watch.ts';
import { until } from '../support/until.ts';

const startLimitMs = 5000;

/** When a watch tells of a stall: a frame goes in every 33 ms, none comes out behind the first. */
function stalledAfterMs(activityAt: (nowMs: number) => ProcessActivity | undefined): number {
  let nowMs = 0;
  const watch = new StallWatch(startLimitMs, () => activityAt(nowMs));
  watch.fed(nowMs);
  watch.gave();
  for (; nowMs < 10_000; nowMs += 33) {
    watch.fed(nowMs);
    if (watch.isStalled(nowMs, 1)) return nowMs;
  }
  return Number.POSITIVE_INFINITY;
}

test('a process that was stopped is not waited for', () => {
  expect(stalledAfterMs(() => ({ state: 'stopped', cpuTicks: 7 }))).toBeLessThan(350);
});

test('one that waits for ever and uses no processor hangs', () => {
  const afterMs = stalledAfterMs(() => ({ state: 'waiting', cpuTicks: 7 }));
  expect(afterMs).toBeGreaterThan(550);
  expect(afterMs).toBeLessThan(700);
});

test.for<[string, (nowMs: number) => ProcessActivity | undefined]>([
  ['works', (nowMs) => ({ state: 'waiting', cpuTicks: nowMs / 10 })],
  ['waits for the processor', () => ({ state: 'running', cpuTicks: 7 })],
  ['cannot be looked at', () => undefined],
])('one that %s has a second', ([, activityAt]) => {
  const afterMs = stalledAfterMs(activityAt);
  expect(afterMs).toBeGreaterThanOrEqual(1000);
  expect(afterMs).toBeLessThan(1050);
});

test('before the first frame it has its time to start', () => {
  const watch = new StallWatch(startLimitMs, () => ({ state: 'waiting', cpuTicks: 0 }));
  for (let nowMs = 0; nowMs < startLimitMs; nowMs += 33) {
    watch.fed(nowMs);
    expect(watch.isStalled(nowMs, 1)).toBe(false);
  }
  expect(watch.isStalled(startLimitMs, 1)).toBe(true);
});

test('the system tells what a process does, whatever its name is', async () => {
  const child = spawn('/bin/sh', ['-c', 'read line'], { argv0: 'a) S 1 (b' });
  try {
    await until('it waits for its input', () => readProcessActivity(child.pid!)?.state === 'waiting');
    process.kill(child.pid!, 'SIGSTOP');
    await until('it is stopped', () => readProcessActivity(child.pid!)?.state === 'stopped');
    expect(readProcessActivity(child.pid!)!.cpuTicks).toBeLessThan(100);
  } finally {
    child.kill('SIGKILL');
  }
  await once(child, 'exit');
  expect(readProcessActivity(child.pid!)).toBeUndefined();
});
