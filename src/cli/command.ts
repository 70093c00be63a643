import { Command, Flags } from '@oclif/core';
import type { FlagInput } from '@oclif/core/interfaces';
import type { LoadedConfig } from '../config/load.ts';

/** Flags of every command that reads the configuration. */
export const configFileFlags = {
  config: Flags.string({
    char: 'c',
    helpValue: 'FILE',
    description: 'Configuration file; else $STREAMCTL_CONFIG, ./streamctl.yaml, /etc/streamctl/streamctl.yaml.',
    helpGroup: 'CONFIGURATION',
  }),
  'data-dir': Flags.string({
    helpValue: 'FOLDER',
    description: 'Folder of everything streamctl keeps (data_dir).',
    helpGroup: 'CONFIGURATION',
  }),
  'control-socket': Flags.string({
    helpValue: 'PATH',
    description: 'Unix socket of the running server (control.socket).',
    helpGroup: 'CONFIGURATION',
  }),
};

export const jsonFlag = {
  json: Flags.boolean({ description: 'Print the result as JSON, for programs.', helpGroup: 'GLOBAL' }),
};

/** What streamctl's commands share: reading the configuration, and printing for people or for programs. */
export abstract class BaseCommand extends Command {
  static override baseFlags: FlagInput = { ...configFileFlags, ...jsonFlag };

  /** Prints `value` as JSON where --json asks for it, else what `toText` makes of it. */
  protected print<Value>(isJson: boolean | undefined, value: Value, toText: (value: Value) => string): void {
    process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : `${toText(value)}\n`);
  }

  /** The configuration by file, environment and the flags of this call. Throws CONFIG_INVALID or CONFIG_UNREADABLE. */
  protected async loadConfig(flags: Record<string, unknown>): Promise<LoadedConfig> {
    const { loadConfigFromFlags } = await import('./config-flags.ts');
    return loadConfigFromFlags(flags);
  }
}
