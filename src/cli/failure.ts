import { styleText } from 'node:util';
import type { Command } from '@oclif/core';
import { errorCatalog } from '../base/error-catalog.ts';
import { isStreamctlError } from '../base/errors.ts';
import { redactSecrets } from '../base/redact.ts';
import { ApiProblem } from '../client/api-client.ts';
import { nearest } from '../config/problem.ts';

interface Failure {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
  readonly exitCode: number;
}

/** Tells what went wrong and what to do: on stderr for people, as JSON on stdout where --json asked for it. Returns the exit code. */
export function reportFailure(
  error: unknown,
  argv: readonly string[],
  commands: Readonly<Record<string, Command.Class>>,
): number {
  if (isExit(error)) return error.oclif.exit;
  const failure = describe(error, argv, commands);
  const { exitCode, ...problem } = failure;
  if (argv.includes('--json')) process.stdout.write(redactSecrets(`${JSON.stringify(problem, null, 2)}\n`));
  const label = styleText(['red', 'bold'], 'Error:', { stream: process.stderr });
  const remedy = failure.remedy === '' ? '' : `\n${indent(failure.remedy)}`;
  process.stderr.write(redactSecrets(`${label} ${failure.detail}${remedy}\n`));
  if (failure.code === 'UNEXPECTED' && error instanceof Error) process.stderr.write(redactSecrets(`${error.stack}\n`));
  return exitCode;
}

function describe(error: unknown, argv: readonly string[], commands: Readonly<Record<string, Command.Class>>): Failure {
  if (isStreamctlError(error)) {
    return { code: error.code, detail: error.message, remedy: error.remedy, exitCode: error.exitCode };
  }
  if (error instanceof ApiProblem) {
    const { code, detail, remedy } = error.problem;
    const entry = Object.hasOwn(errorCatalog, code) ? errorCatalog[code as keyof typeof errorCatalog] : undefined;
    return { code, detail, remedy, exitCode: entry?.exitCode ?? 1 };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isUsageError(error)) {
    const [detail = message] = message.split('\nSee more help');
    const [, unknownId] = /^command (.+) not found$/.exec(detail) ?? [];
    if (unknownId !== undefined) return unknownCommand(unknownId, Object.keys(commands));
    return { code: 'USAGE', detail: detail.trim(), remedy: usageRemedy(argv, commands), exitCode: 2 };
  }
  return { code: 'UNEXPECTED', detail: message, remedy: 'This is a defect: please report it.', exitCode: 1 };
}

function unknownCommand(id: string, known: readonly string[]): Failure {
  const near = nearest(id, known);
  const asTyped = (text: string) => text.replaceAll(':', ' ');
  const detail = `There is no command "${asTyped(id)}"${near === undefined ? '.' : `; did you mean "${asTyped(near)}"?`}`;
  return { code: 'USAGE', detail, remedy: 'See what there is: streamctl --help', exitCode: 2 };
}

/** A line that would have worked, of the command that was meant. */
function usageRemedy(argv: readonly string[], commands: Readonly<Record<string, Command.Class>>): string {
  const [first = '', second = ''] = argv;
  const command = commands[`${first}:${second}`] ?? commands[first];
  const [example] = command?.examples ?? [];
  const text = typeof example === 'string' ? example : example?.command;
  if (text === undefined) return 'See what there is: streamctl --help';
  const id = commands[`${first}:${second}`] === undefined ? first : `${first} ${second}`;
  const line = text.replace('<%= config.bin %>', 'streamctl').replace('<%= command.id %>', id);
  return `For example: ${line}\nAll options: streamctl ${id} --help`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

function isExit(error: unknown): error is { oclif: { exit: number } } {
  return (error as { code?: unknown })?.code === 'EEXIT';
}

/** Errors of oclif's own: a missing argument, an unknown flag, a command that is none. */
function isUsageError(error: unknown): boolean {
  return typeof (error as { oclif?: { exit?: unknown } })?.oclif?.exit === 'number';
}
