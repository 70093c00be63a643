import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startStreamctl, streamctl, streamctlJson } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const sample = resolve(import.meta.dirname, '../../packaging/sample/sample.flv');
const ownPorts = 'http: { listen: "127.0.0.1:0" }\nrtmp: { listen: "127.0.0.1:0" }\n';

async function startServer(dir: string, yaml = ownPorts) {
  writeFileSync(join(dir, 'streamctl.yaml'), yaml);
  const server = startStreamctl(dir, ['serve']);
  const status = await until('the server answers', async () => {
    if (!server.isRunning) throw new Error(`the server ended: ${server.stderr}`);
    const { code, stdout } = await streamctl(dir, ['status', '--json']);
    return code === 0 && JSON.parse(stdout);
  });
  return { server, status };
}

test('a command works through the running server, and SIGTERM ends it with 0', async () => {
  const dir = tempDir();
  const { server, status } = await startServer(dir);
  const port = new URL(status.http_url).port;
  const issued = await streamctlJson(dir, ['keys', 'create', 'morning-show']);
  expect(issued.hls_url).toBe(`http://127.0.0.1:${port}/hls/morning-show/index.m3u8`);
  expect((await streamctl(dir, ['status'])).stdout).toMatch(/streams +0/);
  const { code, stderr } = await server.stop('SIGTERM', 10_000);
  expect(code).toBe(0);
  expect(stderr).toContain('"msg":"server has stopped"');
  expect(readdirSync(join(dir, 'data'))).not.toContain('control.sock');
});

test('a second server of the same data folder is refused and leaves the first alone', async () => {
  const dir = tempDir();
  const { server } = await startServer(dir);
  const second = await streamctl(dir, ['serve']);
  expect(second).toMatchObject({ code: 5, stderr: expect.stringContaining(`(process ${server.process.pid})`) });
  expect((await streamctl(dir, ['status'])).code).toBe(0);
});

test('SIGHUP takes over what it can, names what needs a restart, and survives a broken file', async () => {
  const dir = tempDir();
  const { server } = await startServer(dir);
  const reload = async (yaml: string, sentence: string) => {
    writeFileSync(join(dir, 'streamctl.yaml'), yaml);
    server.process.kill('SIGHUP');
    return await until(`the log says: ${sentence}`, () =>
      server.stderr.split('\n').find((line) => line.includes(sentence)),
    );
  };
  expect(await reload(`${ownPorts}hls: { part: 1s }\n`, 'need a restart')).toContain('hls.part');
  expect(await reload(`${ownPorts}log: { level: debug }\n`, 'configuration reloaded')).toContain('log.level');
  expect(await reload('http: 5\n', 'was not reloaded')).toContain('CONFIG_INVALID');
  expect(
    (await streamctl(dir, ['status', '--control-socket', 'data/control.sock', '--config', '/dev/null'])).code,
  ).toBe(0);
});

test('what is configured and cannot be done is told at the start', async () => {
  const dir = tempDir();
  const { server } = await startServer(dir, `${ownPorts}storage: { url: "s3://nowhere" }\n`);
  expect(server.stderr).toMatch(/"level":"warn".*"path":"storage.url".*not available in this build/);
});

test('revoking a key ends the broadcast that runs with it, and the key is in no log, answer, file or process list', async () => {
  const dir = tempDir();
  const { server, status } = await startServer(dir);
  const issued = await streamctlJson(dir, ['keys', 'create', 'canary']);
  const secret = issued.key.slice(14);
  const publisher = startStreamctl(dir, ['publish', sample, `${status.rtmp_url}/${issued.key}`, '--loop']);
  const live = await until('the stream is live', async () => {
    const { items } = await streamctlJson(dir, ['streams', 'list']);
    return items.find((stream: { state: string }) => stream.state === 'ACTIVE');
  });
  expect(live).toMatchObject({ channel: 'canary', key_id: issued.id });
  const answers = [
    await streamctl(dir, ['streams', 'show', 'canary']),
    await streamctl(dir, ['streams', 'show', 'canary', '--json']),
    await streamctl(dir, ['keys', 'show', 'canary', '--json']),
    await streamctl(dir, ['status', '--json']),
  ];
  expect(readFileSync(`/proc/${server.process.pid}/cmdline`, 'utf8')).not.toContain(secret);
  await streamctlJson(dir, ['keys', 'revoke', 'canary']);
  const ended = await until('the stream has ended', async () => {
    const stream = await streamctlJson(dir, ['streams', 'show', live.id]);
    return stream.state !== 'ACTIVE' && stream;
  });
  expect(ended).toMatchObject({ state: 'ERROR', reason: 'key_revoked' });
  await publisher.stop();
  answers.push(await streamctl(dir, ['streams', 'show', live.id]));
  await server.stop('SIGTERM', 10_000);
  for (const { stdout, stderr } of answers) expect(stdout + stderr).not.toContain(secret);
  expect(server.stderr).toContain('canary');
  expect(server.stderr + server.stdout).not.toContain(secret);
  const data = join(dir, 'data');
  for (const file of readdirSync(data, { withFileTypes: true })) {
    if (file.isFile()) expect(readFileSync(join(data, file.name), 'latin1')).not.toContain(secret);
  }
});
