import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, commandLine } from '../support/command-line.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/* Every command that manages something works in three ways: on the running server by its socket, on one elsewhere, and on the store itself. */

type Run = (...args: string[]) => Promise<CommandResult>;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;

beforeAll(async () => {
  folder = await temporaryFolder('three-ways');
  server = await TestServer.start({ openPublish: false, env: { STREAMCTL_HTTP_THREADS: '0' } });
}, 30_000);

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

const ways: readonly (readonly [string, () => Run])[] = [
  [
    'over the socket',
    () =>
      (...args) =>
        commandLine([...args, '--data-dir', server.dataFolder]),
  ],
  [
    'over the network',
    () => {
      const token = readFileSync(join(server.dataFolder, 'admin.token'), 'utf8');
      const env = { STREAMCTL_SERVER: server.httpUrl, STREAMCTL_TOKEN: token };
      return (...args) => commandLine(args, env);
    },
  ],
  [
    'on the store itself',
    () =>
      (...args) =>
        commandLine([...args, '--data-dir', join(folder.path, 'data')]),
  ],
];

describe.each(ways)('%s', (name, way) => {
  const channel = name.replaceAll(' ', '-');
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await way()(...args, '--json');
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return JSON.parse(stdout);
  };

  test('keys are created, listed, shown, changed, rotated and revoked', async () => {
    const created = await json(
      'keys',
      'create',
      channel,
      '--max-bitrate',
      '6M',
      '--ladder',
      '480p',
      '--playback',
      'signed',
    );
    expect(created.policy).toEqual({ max_bitrate_bps: 6_000_000, ladder: ['480p'], playback: 'signed' });
    const { items } = await json('keys', 'list', '--channel', channel, '--limit', '1');
    expect(items).toMatchObject([{ id: created.id }]);
    const policy = ['--max-height', '1080', '--ladder', 'default', '--record', 'yes', '--playback', 'public'];
    const changed = await json('keys', 'update', channel, '--expires-in', '12h', ...policy);
    expect(changed.policy).toEqual({ max_bitrate_bps: 6_000_000, max_height: 1080, record: true, playback: 'public' });
    expect(Date.parse(changed.expires_at)).toBeGreaterThan(Date.now() + 11 * 3_600_000);
    const unbound = await json('keys', 'update', channel, '--expires-in', 'never', '--max-bitrate', 'default');
    expect(unbound).toMatchObject({ expires_at: null, policy: { max_height: 1080 } });
    expect(unbound.policy).not.toHaveProperty('max_bitrate_bps');
    expect((await json('keys', 'show', channel)).policy).toEqual(unbound.policy);
    expect((await json('keys', 'rotate', channel)).key).not.toBe(created.key);
    expect((await json('keys', 'revoke', created.id)).revoked_at).not.toBeNull();
  });

  test('tokens are created, listed and revoked', async () => {
    const token = await json('tokens', 'create', channel, '--scope', 'keys:read,keys:write', '--scope', 'events:read');
    expect(token).toMatchObject({ name: channel, scopes: ['keys:read', 'keys:write', 'events:read'] });
    const { items } = await json('tokens', 'list');
    expect(items.map(({ id }: { id: string }) => id)).toContain(token.id);
    expect(await json('tokens', 'revoke', token.id)).toMatchObject({ id: token.id, revoked_at: expect.any(String) });
  });

  test('streams and events are listed, and what is not there is said so', async () => {
    expect(await json('streams', 'list', '--channel', channel)).toEqual({ items: [], next_cursor: null });
    for (const verb of ['show', 'stop']) {
      expect(await way()('streams', verb, channel)).toMatchObject({ code: 3 });
    }
  });
});

test('a change that changes nothing, and mistakes in flags, are told before anything is asked', async () => {
  const run = ways[0]![1]();
  for (const [args, code] of [
    [['keys', 'update', 'a'], 'CLI_NOTHING_TO_CHANGE'],
    [['keys', 'update', 'a', '--max-bitrate', 'fast'], 'CLI_FLAG_INVALID'],
    [['keys', 'update', 'a', '--max-height', '0'], 'CLI_FLAG_INVALID'],
    [['tokens', 'create', 'a', '--scope', 'keys:red'], 'CLI_FLAG_INVALID'],
    [['tokens', 'create', 'a'], 'USAGE'],
  ] as const) {
    const { code: exitCode, stdout } = await run(...args, '--json');
    expect({ args, exitCode, code: JSON.parse(stdout).code }).toEqual({ args, exitCode: 2, code });
  }
});
