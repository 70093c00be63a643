import type { CommandMap } from './run.ts';

/** A flag or argument as the manual and the shells' completions need it. */
export interface ManualFlag {
  readonly name: string;
  readonly char: string | undefined;
  readonly description: string;
  /** What stands for its value; undefined for one that takes none. */
  readonly value: string | undefined;
  /** The values it can have, where they are few. */
  readonly choices: readonly string[];
}

export interface ManualCommand {
  /** As it is typed: `keys create`. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly args: readonly { readonly name: string; readonly description: string; readonly isRequired: boolean }[];
  readonly flags: readonly ManualFlag[];
  readonly examples: readonly string[];
}

interface FlagMetadata {
  readonly type: string;
  readonly char?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly helpValue?: string | readonly string[];
  readonly options?: readonly string[];
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
}

interface ArgMetadata {
  readonly description?: string;
  readonly required?: boolean;
}

/** Every command, from what it says about itself. */
export function manualCommands(commands: CommandMap): readonly ManualCommand[] {
  return Object.entries(commands).map(([id, command]) => {
    const name = id.replaceAll(':', ' ');
    const flags = { ...command.baseFlags, ...command.flags } as Record<string, FlagMetadata>;
    return {
      name,
      summary: command.summary ?? '',
      description: command.description ?? '',
      args: Object.entries(command.args as Record<string, ArgMetadata>).map(
        ([arg, { description = '', required }]) => ({
          name: arg.toUpperCase(),
          description,
          isRequired: required === true,
        }),
      ),
      flags: Object.entries(flags)
        .filter(([, { hidden }]) => hidden !== true)
        .map(([flag, metadata]) => manualFlag(flag, metadata)),
      examples: (command.examples ?? []).map((example) => filledIn(exampleText(example), name)),
    };
  });
}

function manualFlag(flag: string, metadata: FlagMetadata): ManualFlag {
  const { type, char, helpValue, options = [], allowNo } = metadata;
  const value = helpValue === undefined ? (options.length > 0 ? options.join('|') : 'VALUE') : String(helpValue);
  return {
    name: allowNo === true ? `[no-]${flag}` : flag,
    char,
    description: metadata.summary ?? metadata.description ?? '',
    value: type === 'boolean' ? undefined : value,
    choices: options,
  };
}

function exampleText(example: string | { readonly command: string }): string {
  return typeof example === 'string' ? example : example.command;
}

function filledIn(text: string, command: string): string {
  return text.replaceAll('<%= config.bin %>', 'streamctl').replaceAll('<%= command.id %>', command);
}
