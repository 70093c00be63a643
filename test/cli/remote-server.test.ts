import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isInTheClear, remoteServer } from '../../src/cli/remote-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const env = { STREAMCTL_SERVER: 'https://env.example', STREAMCTL_TOKEN: 'of-env\n' };

function tokenFile(): string {
  const path = join(tempDir(), 'token');
  writeFileSync(path, 'of-file\n');
  return path;
}

test('flags come before the environment, and a token itself before one in a file', () => {
  expect(remoteServer({}, {})).toBeUndefined();
  expect(remoteServer({}, env)).toEqual({ url: 'https://env.example', token: 'of-env' });
  const server = 'https://flag.example/live';
  expect(remoteServer({ server }, env)).toEqual({ url: server, token: 'of-env' });
  const file = tokenFile();
  expect(remoteServer({ server, 'token-file': file }, env)).toEqual({ url: server, token: 'of-file' });
  expect(remoteServer({ server, 'token-file': file, token: 'of-flag' }, env)).toEqual({
    url: server,
    token: 'of-flag',
  });
});

test('who names a server of this machine means it, whatever the environment says', () => {
  for (const flag of ['config', 'data-dir', 'control-socket']) {
    expect(remoteServer({ [flag]: 'x' }, env)).toBeUndefined();
    expect(remoteServer({ [flag]: 'x', server: 'https://flag.example' }, env)).toMatchObject({ token: 'of-env' });
  }
});

test.each([
  ['live.example.org', 'CLI_FLAG_INVALID'],
  ['ftp://live.example.org', 'CLI_FLAG_INVALID'],
  ['https://live.example.org/?token=x', 'CLI_FLAG_INVALID'],
  ['https://live.example.org', 'CLI_TOKEN_MISSING'],
])('%s without a token is %s', (server, code) => {
  expect(() => remoteServer({ server }, {})).toThrow(expect.objectContaining({ code }));
});

test('a token file that cannot be read is told by its path', () => {
  const flags = { server: 'https://a.example', 'token-file': '/nowhere/token' };
  expect(() => remoteServer(flags, env)).toThrow(/\/nowhere\/token, cannot be read \(ENOENT\)/);
});

test('only what leaves the machine without TLS is in the clear', () => {
  const clear = (url: string) => isInTheClear({ url, token: '' });
  expect(['http://live.example.org', 'http://10.0.0.1:8080'].map(clear)).toEqual([true, true]);
  const safe = ['https://live.example.org', 'http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080'];
  expect(safe.map(clear)).toEqual(safe.map(() => false));
});
