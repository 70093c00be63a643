import { Args, Flags } from '@oclif/core';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';

export default class Init extends BaseCommand {
  static override summary = 'Write a configuration file with every value, its default and what it does.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> /etc/streamctl/streamctl.yaml',
  ];
  static override args = { file: Args.string({ default: 'streamctl.yaml', description: 'Where to write it.' }) };
  static override flags = { force: Flags.boolean({ char: 'f', description: 'Write over a file that exists.' }) };
  static override baseFlags = jsonFlag;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Init);
    const { writeDefaultConfig } = await import('../src/cli/init.ts');
    const path = writeDefaultConfig(args.file, flags.force);
    this.print(flags.json, { path }, () => `Wrote ${path}. Check it after editing: streamctl config check`);
  }
}
