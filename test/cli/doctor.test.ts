import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { TestServer } from '../support/server.ts';
import { streamctl } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';

const freePorts = ['STREAMCTL_HTTP_LISTEN', 'STREAMCTL_RTMP_LISTEN'].map((name) => [name, '127.0.0.1:0'] as const);

test('without a server it looks at the machine, changes nothing and ends with 0', async () => {
  const dir = tempDir();
  const { code, stdout } = await streamctl(dir, ['doctor'], Object.fromEntries(freePorts));
  expect(code, stdout).toBe(0);
  expect(stdout).toMatch(/^THIS MACHINE +\d+ cores?, load average/);
  expect(stdout).toMatch(/ladder may use .* cores: about .* of 1080p30 with/);
  expect(stdout).not.toContain('\u001b');
  expect(readdirSync(dir)).toEqual([]);
}, 60_000);

test('a port that is taken is a problem that says who has it, and the exit code is 1', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = taken.address() as { port: number };
    const env = {
      ...Object.fromEntries(freePorts),
      STREAMCTL_RTMP_LISTEN: `127.0.0.1:${port}`,
      STREAMCTL_LADDER_MODE: 'off',
    };
    const { code, stdout } = await streamctl(tempDir(), ['doctor', '--json'], env);
    expect(code).toBe(1);
    const { machine, findings } = JSON.parse(stdout);
    expect(machine).toMatchObject({ cores: expect.any(Number), is_busy: expect.any(Boolean) });
    const problems = findings.filter(({ severity }: { severity: string }) => severity === 'problem');
    expect(problems).toMatchObject([{ code: 'port-taken', found: expect.stringContaining(`process ${process.pid}`) }]);
  } finally {
    taken.close();
  }
}, 60_000);

test('beside a running server its ports are its own, and its store is whole', async () => {
  const server = await TestServer.start();
  try {
    const ports = [`${new URL(server.httpUrl).host}`, `${new URL(server.rtmpUrl).host}`];
    const { code, stdout } = await server.command(
      'doctor',
      '--json',
      '--http-listen',
      ports[0]!,
      '--rtmp-listen',
      ports[1]!,
    );
    const { findings } = JSON.parse(stdout);
    const held = findings.filter(({ code: found }: { code: string }) => found === 'port');
    expect(held.map(({ found }: { found: string }) => found)).toEqual([
      expect.stringContaining(`held by the running server, process ${server.processId}`),
      expect.stringContaining(`held by the running server, process ${server.processId}`),
    ]);
    expect(findings).toContainEqual(expect.objectContaining({ code: 'store', severity: 'ok' }));
    expect(code, stdout).toBe(0);
  } finally {
    await server.dispose();
  }
}, 60_000);
