import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandMap } from '../../commands/map.ts';
import { manualCommands } from '../../packaging/manual/commands.ts';
import { bashCompletion, zshCompletion } from '../../packaging/manual/completions.ts';
import { manPage } from '../../packaging/manual/man-page.ts';
import { run } from '../support/child.ts';
import { tempDir } from '../support/temp-dir.ts';

const commands = manualCommands();

function written(name: string, text: string): string {
  const path = join(tempDir(), name);
  writeFileSync(path, text);
  return path;
}

test('the manual page has every command with its flags, and man has nothing to say about it', async () => {
  const path = written('streamctl.1', manPage(commands, '1.2.3', '2026-11-23'));
  const env = { ...process.env, MANWIDTH: '1000', LC_ALL: 'C.UTF-8' };
  const { stdout, stderr } = await run('man', ['--warnings', '-E', 'UTF-8', '-l', path], { env });
  expect(stderr).toBe('');
  const lines = stdout.split('\n').map((line) => line.trim());
  for (const id of Object.keys(commandMap)) {
    const name = id.replaceAll(':', ' ');
    expect(lines.some((line) => line === name || line.startsWith(`${name} `))).toBe(true);
  }
  for (const { flags } of commands) for (const { name } of flags) expect(stdout).toContain(`--${name}`);
  expect(stdout).not.toContain('<%=');
});

/** What bash offers behind these words; the last one is being typed. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const path = written('streamctl.bash', bashCompletion(commands));
  const script =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamctl; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', path, 'streamctl', ...words]);
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash completes commands, their verbs, flags, and values that are few', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['serve', 'keys', 'status', '--help']));
  expect(await offered('st')).toEqual(['status', 'streams']);
  expect((await offered('keys', '')).sort()).toEqual(['create', 'list', 'revoke', 'rotate', 'show']);
  expect(await offered('keys', 'create', 'show', '--js')).toEqual(['--json']);
  expect(await offered('streams', 'list', '--state', 'A')).toEqual(['ACTIVE']);
});

test('zsh offers the same: its file has all the words of the one for bash, and zsh reads it', async () => {
  const text = zshCompletion(commands);
  expect((await run('zsh', ['-n', written('_streamctl', text)])).stderr).toBe('');
  const words = (file: string) => [...file.matchAll(/(?:words|choices)='([^']*)' ;;/g)].map(([, list]) => list);
  expect(words(text)).toEqual(words(bashCompletion(commands)));
  expect(words(text).length).toBeGreaterThan(Object.keys(commandMap).length);
});
