import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startStreamctl, streamctl } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const anyPorts = ['--http-listen', '127.0.0.1:0', '--rtmp-listen', '127.0.0.1:0'];

test('the demo can be watched by its links, ends with Ctrl-C and leaves nothing behind', async () => {
  const cwd = tempDir();
  const demo = startStreamctl(cwd, ['demo', '--json', ...anyPorts], { TMPDIR: cwd });
  const links = await until('the links are printed', () => {
    if (!demo.isRunning) throw new Error(`the demo ended: ${demo.stderr}`);
    return demo.stdout.endsWith('}\n') && JSON.parse(demo.stdout);
  });
  for (const url of [links.watch_url, links.hls_url, links.dash_url]) {
    expect((await fetch(url)).status, url).toBe(200);
  }
  expect(links.moved_ports).toEqual([]);

  const { code, stderr } = await demo.stop('SIGINT');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readdirSync(cwd)).toEqual([]);
});

test('the demo moves to the next port when the usual one is taken, and says so', async () => {
  const cwd = tempDir();
  const blocker = createServer();
  onTestFinished(() => void blocker.close());
  const listening = Promise.withResolvers<void>();
  blocker.once('error', () => listening.resolve()); // somebody else has it: just as well
  blocker.listen(8080, '127.0.0.1', listening.resolve);
  await listening.promise;
  const { code, stdout } = await streamctl(cwd, ['demo', '--seconds', '6', '--rtmp-listen', '127.0.0.1:0'], {
    TMPDIR: cwd,
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/Watch it: +http:\/\/localhost:80[89]\d\/watch\/demo/);
  expect(stdout).toMatch(/Port 8080 is in use, so this is port 80[89]\d\./);
  expect(stdout).not.toMatch(/Port 1935/);
});

test('the demo says who to ask when a port that was asked for is taken', async () => {
  const cwd = tempDir();
  const blocker = createServer();
  onTestFinished(() => void blocker.close());
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  const { code, stderr } = await streamctl(
    cwd,
    ['demo', '--http-listen', `127.0.0.1:${port}`, '--rtmp-listen', '127.0.0.1:0'],
    {
      TMPDIR: cwd,
    },
  );
  expect(code).toBe(5);
  expect(stderr).toContain(`127.0.0.1:${port}`);
  expect(existsSync(cwd) && readdirSync(cwd)).toEqual([]);
});
