import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import { startStreamctl } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

test('Ctrl-C ends it with all it has started', async () => {
  const dir = tempDir();
  const running = startStreamctl(dir, ['bench'], { TMPDIR: dir });
  const pid = running.process.pid!;
  const server = await until('its server runs', () => serverOf(pid), 60_000);
  const { code } = (await running.stop('SIGINT', 20_000))!;
  expect(code).toBe(130);
  expect(() => readProcessUsage(server)).toThrow();
  expect(readdirSync(dir)).toEqual([]);
}, 120_000);

function serverOf(pid: number): number | undefined {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '))
    .filter(Boolean)
    .map(Number)
    .find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0').includes('serve'));
}
