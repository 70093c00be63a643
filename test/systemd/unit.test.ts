import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../support/child.ts';
import { tempDir } from '../support/temp-dir.ts';

const units = resolve(import.meta.dirname, '../../systemd');
const service = join(units, 'streamctl.service');

test('systemd-analyze finds the service exposed by 1.5 at most', async () => {
  const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--no-pager', service]);
  const level = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
  expect(level).toBeGreaterThan(0);
  expect(level).toBeLessThanOrEqual(1.5);
});

test('systemd understands every line of the units and of the example for a graphics card', async () => {
  const folder = tempDir();
  for (const name of ['streamctl.service', 'streamctl-http.socket', 'streamctl-rtmp.socket']) {
    // Only whether it can be run: the program is not installed here.
    const text = readFileSync(join(units, name), 'utf8').replaceAll('/usr/bin/streamctl', '/bin/true');
    writeFileSync(join(folder, name), text.replace('Documentation=man:streamctl(1) ', 'Documentation='));
  }
  mkdirSync(join(folder, 'streamctl.service.d'));
  cpSync(join(units, 'streamctl.service.d/gpu.conf.example'), join(folder, 'streamctl.service.d/gpu.conf'));
  const paths = ['streamctl.service', 'streamctl-http.socket', 'streamctl-rtmp.socket'].map((name) =>
    join(folder, name),
  );
  const { stderr } = await run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...paths]);
  expect(stderr).toBe('');
});

test('one, two, three, four and six threads get the same share of viewers from the socket unit', () => {
  const text = readFileSync(join(units, 'streamctl-http.socket'), 'utf8');
  const sockets = [...text.matchAll(/^ListenStream=/gm)].length;
  for (const threads of [1, 2, 3, 4, 6]) expect(sockets % threads).toBe(0);
  expect(text).toContain('ReusePort=yes');
});
