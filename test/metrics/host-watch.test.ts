import { closeSync, openSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HostWatch, type HostWatchOptions } from '../../src/metrics/host-watch.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A clock that can be set, as an administrator does, and that knows for what its timers are. */
class SettableClock extends ManualClock {
  setByMs = 0;
  readonly delaysMs: number[] = [];
  override after(delayMs: number, callback: () => void): () => void {
    this.delaysMs.push(delayMs);
    return super.after(delayMs, callback);
  }
  override wallMs(): number {
    return super.wallMs() + this.setByMs;
  }
}

function hostWatch(options: Partial<HostWatchOptions> = {}) {
  const clock = new SettableClock();
  const given = { clock, dataDir: tempDir(), version: '1.2.3', startedAtMs: 5, certificates: () => [] };
  const watch = new HostWatch({ ...given, ...options });
  onTestFinished(watch.start());
  return { clock, watch };
}

test('before it has looked nothing is known of the machine, and nobody waits for it', async () => {
  const { watch } = hostWatch();
  expect(watch.figures()).toMatchObject({
    ...{ version: '1.2.3', startedAtMs: 5, configGeneration: 1, clockShiftMs: 0 },
    ...{ openFds: undefined, maxFds: undefined, diskFreeBytes: undefined, diskSizeBytes: undefined },
  });
  await until('it has looked', () => watch.figures().openFds !== undefined);
});

test('descriptors and the disk of the data folder are as the system says', async () => {
  const dataDir = tempDir();
  const { watch } = hostWatch({ dataDir });
  const { openFds, maxFds, diskFreeBytes, diskSizeBytes } = await until('it has looked', () => {
    const figures = watch.figures();
    return figures.openFds !== undefined && figures;
  });
  const { bsize, blocks, bavail } = statfsSync(dataDir);
  expect(diskSizeBytes).toBe(blocks * bsize);
  expect(Math.abs(diskFreeBytes! - bavail * bsize)).toBeLessThan(blocks * bsize * 0.05);
  expect(Math.abs(openFds! - readdirSync('/proc/self/fd').length)).toBeLessThan(10);
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  expect(maxFds).toBe(Number(limit));
});

test('it looks again after ten seconds', async () => {
  const { clock, watch } = hostWatch();
  const before = await until('it has looked', () => watch.figures().openFds);
  expect(clock.delaysMs).toEqual([10_000]);
  const opened = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
  onTestFinished(() => opened.forEach(closeSync));
  clock.advance(10_000);
  await until('it has seen them', () => watch.figures().openFds! >= before + 40);
});

test('once it is stopped it looks no more, also where it was just looking', async () => {
  let timers = 0;
  class CountingClock extends ManualClock {
    override after(delayMs: number, callback: () => void): () => void {
      timers++;
      const cancel = super.after(delayMs, callback);
      return () => {
        timers--;
        cancel();
      };
    }
  }
  const make = () =>
    new HostWatch({
      ...{ clock: new CountingClock(), dataDir: tempDir(), version: '', startedAtMs: 0, certificates: () => [] },
    });
  const looking = make();
  looking.start()();
  await until('it has looked for the last time', () => looking.figures().openFds !== undefined);
  await new Promise(setImmediate);
  expect(timers).toBe(0);
  const resting = make();
  const stop = resting.start();
  await until('it waits for its next look', () => timers === 1);
  stop();
  expect(timers).toBe(0);
});

test('a data folder that is gone takes only the figures of its disk along', async () => {
  const { watch } = hostWatch({ dataDir: join(tempDir(), 'gone') });
  await until('it has looked', () => watch.figures().maxFds !== undefined);
  const { openFds, diskFreeBytes, diskSizeBytes } = watch.figures();
  expect(openFds).toBeGreaterThan(0);
  expect([diskFreeBytes, diskSizeBytes]).toEqual([undefined, undefined]);
});

test('a clock that was set has moved by that since the start, however long ago', () => {
  const { clock, watch } = hostWatch();
  clock.advance(3_600_000);
  expect(watch.figures().clockShiftMs).toBe(0);
  clock.setByMs = -3_600_000;
  clock.advance(5);
  expect(watch.figures().clockShiftMs).toBe(-3_600_000);
});

test('each reload is a generation, and certificates are those of now', () => {
  let certificates: { port: 'https'; validUntilMs: number }[] = [];
  const { watch } = hostWatch({ certificates: () => certificates });
  expect(watch.figures().certificates).toEqual([]);
  certificates = [{ port: 'https', validUntilMs: 9 }];
  watch.configTaken();
  watch.configTaken();
  expect(watch.figures()).toMatchObject({ configGeneration: 3, certificates });
});
