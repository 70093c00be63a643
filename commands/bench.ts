import { Flags } from '@oclif/core';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';

export default class Bench extends BaseCommand {
  static override summary = 'Measure in under a minute what this machine can hold: viewers, broadcasts, qualities.';
  static override description =
    'Starts a server of its own on free ports with its data in a temporary folder, lets simulated broadcasters and viewers come over loopback, and reckons from their cost. Ctrl-C leaves nothing behind. It tells when the machine was busy.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --viewers 2000 --json',
  ];
  static override baseFlags = jsonFlag;
  static override flags = {
    viewers: Flags.integer({ min: 10, max: 5000, default: 500, helpValue: 'N', description: 'Simulated viewers.' }),
    seconds: Flags.integer({ min: 1, max: 600, default: 5, helpValue: 'N', description: 'Of each measurement.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Bench);
    const { benchMachine } = await import('../src/cli/bench.ts');
    const { unlessInterrupted } = await import('../src/cli/end-signal.ts');
    const result = await unlessInterrupted((signal) => benchMachine(flags, signal));
    if (result !== undefined) this.print(flags.json, result.json, () => result.text);
  }
}
