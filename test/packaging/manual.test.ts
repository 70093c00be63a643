import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { commandMap } from '../../commands/map.ts';
import { manPage } from '../../packaging/manual/man-page.ts';
import { bashCompletion, fishCompletion, zshCompletion } from '../../src/cli/completions.ts';
import { manualCommands } from '../../src/cli/manual-commands.ts';
import { run } from '../support/child.ts';
import { tempDir } from '../support/temp-dir.ts';

const commands = manualCommands(commandMap);

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
  const program = written(
    'streamctl',
    '#!/bin/sh\n[ "$1 $2 $3" = "completions --names keys" ] && printf "main\\nside\\n"\n',
  );
  chmodSync(program, 0o755);
  const path = written('streamctl.bash', bashCompletion(commands));
  const script =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamctl; printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', path, 'streamctl', ...words], {
    env: { ...process.env, PATH: `${dirname(program)}:${process.env.PATH}` },
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash completes commands, their verbs, flags, and values that are few', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['serve', 'keys', 'status', '--help']));
  expect(await offered('st')).toEqual(['status', 'streams']);
  expect((await offered('keys', '')).sort()).toEqual(['create', 'list', 'revoke', 'rotate', 'show', 'update']);
  expect(await offered('keys', 'create', 'show', '--js')).toEqual(['--json']);
  expect(await offered('streams', 'list', '--state', 'A')).toEqual(['ACTIVE']);
  expect(await offered('keys', 'rotate', 's')).toEqual(['side']);
  expect(await offered('keys', 'rotate', 'side', '--ov')).toEqual(['--overlap']);
});

test('zsh offers the same: its file has all the words of the one for bash, and zsh reads it', async () => {
  const text = zshCompletion(commands);
  expect((await run('zsh', ['-n', written('_streamctl', text)])).stderr).toBe('');
  const words = (file: string) => [...file.matchAll(/(?:words|choices)='([^']*)' ;;/g)].map(([, list]) => list);
  expect(words(text)).toEqual(words(bashCompletion(commands)));
  expect(words(text).length).toBeGreaterThan(Object.keys(commandMap).length);
});

test('fish is told of every command and flag, and of names that the program knows', async () => {
  const text = fishCompletion(commands);
  const lines = text.split('\n');
  const has = (...pieces: string[]) => lines.some((line) => pieces.every((piece) => line.includes(piece)));
  for (const { name, flags } of commands) {
    const [topic = '', verb] = name.split(' ');
    expect(verb === undefined ? has(` -a ${topic}`) : has(`'__streamctl_at ${topic}' -a ${verb} `)).toBe(true);
    for (const flag of flags) expect(has(`'__streamctl_in ${name}' -l ${flag.name.replace('[no-]', '')}`)).toBe(true);
  }
  expect(has("'__streamctl_at keys rotate'", 'completions --names keys')).toBe(true);
  expect(text.replaceAll(/\\./g, '').replaceAll(/'[^']*'/g, '')).not.toContain("'");
});
