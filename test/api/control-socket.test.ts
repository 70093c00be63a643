import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ControlSocket } from '../../src/api/control-socket.ts';
import { ApiClient, ApiProblem } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { apiUnderTest } from '../support/api.ts';
import { tempDir } from '../support/temp-dir.ts';

async function startSocket(path: string) {
  const { api } = await apiUnderTest();
  const socket = new ControlSocket({ path, fetch: api.fetch });
  await socket.start();
  onTestFinished(() => socket.stop());
  return socket;
}

test('the client speaks to the API over a socket only its owner may open', async () => {
  const path = join(tempDir(), 'sub/control.sock');
  await startSocket(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const client = new ApiClient(unixFetch(path));
  const issued = await client.createKey({ channel: 'morning-show' });
  expect((await client.listKeys()).items).toMatchObject([{ id: issued.id, channel: 'morning-show' }]);
  expect(await client.revokeKey('morning-show')).toMatchObject({ id: issued.id });
  const refusal = await client.showStream('none').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiProblem);
  expect(refusal).toMatchObject({ problem: { code: 'STREAM_UNKNOWN' } });
});

test('curl reaches the same API', async () => {
  const path = join(tempDir(), 'control.sock');
  await startSocket(path);
  const child = spawnSync('sh', ['-c', 'command -v curl'], { encoding: 'utf8' });
  expect(child.status).toBe(0);
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { stdout } = await promisify(execFile)('curl', ['-s', '--unix-socket', path, 'http://localhost/streams']);
  expect(JSON.parse(stdout)).toEqual({ items: [], next_cursor: null });
});

test('a socket left by a killed server is taken over, one that answers is not', async () => {
  const path = join(tempDir(), 'control.sock');
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  expect(existsSync(path)).toBe(true);
  await expect(new ApiClient(unixFetch(path)).status()).rejects.toMatchObject({ code: 'CONTROL_NO_SERVER' });
  await startSocket(path);
  await expect(startSocket(path)).rejects.toMatchObject({ code: 'CONTROL_SOCKET_IN_USE' });
});

test('a path that no system takes is told with its length', async () => {
  const path = join('/tmp', 'x'.repeat(120));
  await expect(startSocket(path)).rejects.toMatchObject({ code: 'CONTROL_SOCKET_PATH_TOO_LONG', exitCode: 2 });
});

test('stopping twice is no mistake, and the socket is gone', async () => {
  const path = join(tempDir(), 'control.sock');
  const socket = await startSocket(path);
  await socket.stop();
  await socket.stop();
  expect(existsSync(path)).toBe(false);
});

test('an answer that is not of the API is told so', async () => {
  const path = join(tempDir(), 'control.sock');
  const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')).listen(path);
  onTestFinished(() => void server.close());
  await expect(new ApiClient(unixFetch(path)).status()).rejects.toMatchObject({ code: 'CONTROL_ANSWER_INVALID' });
});
