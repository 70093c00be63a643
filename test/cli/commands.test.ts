import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandMap } from '../../commands/map.ts';
import { streamctl, streamctlJson } from '../support/streamctl.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('keys without a running server', () => {
  test('are created, listed, rotated and revoked in the store itself', async () => {
    const dir = tempDir();
    const issued = await streamctlJson(dir, ['keys', 'create', 'morning-show']);
    expect(issued).toMatchObject({
      id: expect.stringMatching(/^[a-z2-7]{10}$/),
      channel: 'morning-show',
      key: expect.stringMatching(/^sk_/),
      ingest_url: expect.stringMatching(/^rtmp:\/\/[^/]+\/live\/sk_/),
      watch_url: expect.stringMatching(/^http:\/\/[^/]+:8080\/watch\/morning-show$/),
      hls_url: expect.stringMatching(/\/hls\/morning-show\/index\.m3u8$/),
      dash_url: expect.stringMatching(/\/dash\/morning-show\/manifest\.mpd$/),
    });
    const rotated = await streamctlJson(dir, ['keys', 'rotate', 'morning-show', '--overlap', '1h']);
    expect(rotated.key).not.toBe(issued.key);
    expect(Date.parse(rotated.previous_valid_until) - Date.now()).toBeGreaterThan(3_500_000);
    const { items } = await streamctlJson(dir, ['keys', 'list']);
    expect(items).toMatchObject([{ id: issued.id, revoked_at: null }]);
    expect((await streamctlJson(dir, ['keys', 'revoke', issued.id])).revoked_at).not.toBeNull();
    const { stdout } = await streamctl(dir, ['keys', 'list']);
    expect(stdout).toMatch(/^KEY +CHANNEL +STATE/);
    expect(stdout).toContain('revoked');
  });

  test('may have rungs of their own, or none', async () => {
    const dir = tempDir();
    const created = await streamctlJson(dir, ['keys', 'create', 'side-stage', '--ladder', '480p, 360p']);
    expect(created.policy).toEqual({ ladder: ['480p', '360p'] });
    expect((await streamctl(dir, ['keys', 'show', 'side-stage'])).stdout).toMatch(/^ladder +480p, 360p$/m);
    await streamctlJson(dir, ['keys', 'create', 'talk', '--ladder', 'none']);
    expect((await streamctl(dir, ['keys', 'show', 'talk'])).stdout).toMatch(/^ladder +none: the source alone$/m);
  });

  test('a person is told exactly what to type into OBS, without colour codes in a pipe', async () => {
    const dir = tempDir();
    const { stdout, stderr, code } = await streamctl(dir, ['keys', 'create', 'morning-show', '--expires-in', '12h']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Server: +rtmp:\/\/[^/]+\/live\n/);
    expect(stdout).toMatch(/Stream Key: +sk_[a-z2-7]{10}_[a-z2-7]{32}\n/);
    expect(stdout).toContain('expires:');
    expect(stdout).not.toContain('\u001b');
  });

  test('the key is in no file of the folder', async () => {
    const dir = tempDir();
    const { key } = await streamctlJson(dir, ['keys', 'create', 'canary']);
    const data = join(dir, 'data');
    expect(readdirSync(data)).toContain('streamctl.db');
    for (const file of readdirSync(data)) expect(readFileSync(join(data, file), 'latin1')).not.toContain(key.slice(14));
  });

  test.skipIf(process.getuid?.() !== 0)('root leaves files of the owner of the data folder, not of root', async () => {
    const dir = tempDir();
    const { chownSync, chmodSync, mkdirSync } = await import('node:fs');
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'data'));
    chownSync(join(dir, 'data'), 12_345, 12_345);
    await streamctlJson(dir, ['keys', 'create', 'a']);
    const owners = readdirSync(join(dir, 'data')).map((file) => statSync(join(dir, 'data', file)).uid);
    expect(owners.length).toBeGreaterThan(1);
    expect(new Set(owners)).toEqual(new Set([12_345]));
  });
});

describe('refusals', () => {
  test.each([
    [['keys', 'create'], 2, /Missing 1 required arg[\s\S]*For example: streamctl keys create morning-show/],
    [['keys', 'create', 'Not A Name'], 2, /"Not A Name" is not a channel name/],
    [['keys', 'create', 'a', '--expires-in', 'soon'], 2, /--expires-in: found "soon", wanted a duration/],
    [['keys', 'create', 'a', '--ladder', '480P'], 2, /--ladder: found "480P", wanted names of rungs/],
    [['keys', 'craete'], 2, /There is no command "keys craete"; did you mean "keys create"\?/],
    [['keys', 'show', 'none'], 3, /There is no stream key "none"/],
    [['streams', 'stop', 'none'], 3, /There is no stream or channel "none"/],
    [['streams', 'list', '--nope'], 2, /Nonexistent flag: --nope[\s\S]*For example: streamctl streams list/],
    [['status'], 5, /No server answers on .*control\.sock[\s\S]*streamctl serve/],
    [['explain', 'CONFIG_INVALD'], 3, /did you mean CONFIG_INVALID\?/],
    [['config', 'check', '--config', 'none.yaml'], 2, /none\.yaml cannot be read \(ENOENT\)/],
  ])('streamctl %j ends with code %d and says what to do', async (args, exitCode, text) => {
    const { code, stdout, stderr } = await streamctl(tempDir(), args);
    expect(code).toBe(exitCode);
    expect(stdout).toBe('');
    expect(stderr).toMatch(text);
  });

  test('with --json a refusal is JSON on stdout', async () => {
    const { code, stdout } = await streamctl(tempDir(), ['streams', 'show', 'none', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'STREAM_UNKNOWN', remedy: expect.any(String) });
  });

  test('a key typed where an id belongs is not repeated', async () => {
    const key = `sk_abcdefghij_${'z'.repeat(32)}`;
    const { stderr, stdout } = await streamctl(tempDir(), ['keys', 'show', key, '--json']);
    expect(stderr).toContain('sk_abcdefghij');
    expect(stderr + stdout).not.toContain('zzzz');
  });
});

describe('configuration', () => {
  test('init writes a file that check accepts and that it does not write over', async () => {
    const dir = tempDir();
    expect((await streamctl(dir, ['init'])).code).toBe(0);
    const check = await streamctl(dir, ['config', 'check']);
    expect(check).toMatchObject({ code: 0, stdout: expect.stringContaining('streamctl.yaml is fine') });
    expect(await streamctl(dir, ['init'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists already'),
    });
  });

  test('check reports every mistake with file and line, and serve starts nothing', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'streamctl.yaml'), 'http:\n  lisen: x\nhls:\n  part: fast\n');
    for (const args of [['config', 'check'], ['serve'], ['keys', 'list']]) {
      const { code, stderr } = await streamctl(dir, args, { STREAMCTL_LOG_LEVEL: 'loud' });
      expect(code).toBe(2);
      expect(stderr).toMatch(/streamctl\.yaml:2: http\.lisen: found an unknown key, wanted listen/);
      expect(stderr).toMatch(/streamctl\.yaml:4: hls\.part: found "fast", wanted a duration/);
      expect(stderr).toMatch(/STREAMCTL_LOG_LEVEL: log\.level: found "loud"/);
    }
    expect(existsSync(join(dir, 'data'))).toBe(false);
  });

  test('show tells where each value comes from and leaves secrets out', async () => {
    const dir = tempDir();
    const yaml =
      'store: { url: "postgres://app:hunter2@db/streams?sslkey=hunter2" }\nwebhooks:\n  - { url: "https://u:hunter2@h/x?t=hunter2", secret: hunter2 }\n';
    writeFileSync(join(dir, 'custom.yaml'), yaml);
    const args = ['config', 'show', '--config', 'custom.yaml', '--data-dir', 'elsewhere'];
    const { values } = await streamctlJson(dir, args);
    const shown = (path: string) => values.find((value: { path: string }) => value.path === path);
    expect(shown('data_dir')).toMatchObject({ value: 'elsewhere', from: '--data-dir' });
    expect(shown('store.url')).toMatchObject({ from: expect.stringMatching(/custom\.yaml:1$/) });
    expect(shown('store.url').value).toBe('postgres://[redacted]@db/streams?[redacted]');
    expect(shown('hls.part')).toMatchObject({ value: '500ms', from: 'default' });
    expect(JSON.stringify(values)).not.toContain('hunter2');
    expect((await streamctl(dir, args)).stdout).not.toContain('hunter2');
  });

  test('schema prints a JSON Schema', async () => {
    expect(await streamctlJson(tempDir(), ['config', 'schema'])).toMatchObject({
      type: 'object',
      additionalProperties: false,
    });
  });
});

describe('the store', () => {
  test('a backup is whole, private and never written over another file', async () => {
    const dir = tempDir();
    await streamctlJson(dir, ['keys', 'create', 'a']);
    const { path } = await streamctlJson(dir, ['db', 'backup', 'copy.db']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { items } = await streamctlJson(dir, ['keys', 'list']);
    expect(items).toHaveLength(1);
    expect((await streamctl(dir, ['db', 'backup', 'copy.db'])).code).toBe(2);
    const status = await streamctlJson(dir, ['db', 'status']);
    expect(status.migrations.every(({ isApplied }: { isApplied: boolean }) => isApplied)).toBe(true);
  });
});

describe('help', () => {
  test.each(Object.entries(commandMap))('%s has a summary and an example', (_id, command) => {
    expect(command.summary).toMatch(/\.$/);
    expect(command.examples?.length).toBeGreaterThan(0);
  });

  test('is shown for the program, a topic and a command, on stdout', async () => {
    for (const args of [['--help'], ['keys', '--help'], ['keys', 'create', '--help'], []]) {
      const { code, stdout } = await streamctl(tempDir(), args);
      expect(code).toBe(0);
      expect(stdout).toContain('USAGE');
    }
  });
});
