import { BaseCommand, configFileFlags, jsonFlag } from '../src/cli/command.ts';
import { configValueFlags } from '../src/cli/config-flags.ts';

export default class Doctor extends BaseCommand {
  static override summary =
    'Find out what stands in the way, on this machine or in a broadcast, and what to do about it.';
  static override description =
    'Looks at ports, ffmpeg, limits, clock, disk, memory, certificates and the store, with or without a running server, and changes nothing. Exit code 1 when there is a problem.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];
  static override baseFlags = { config: configFileFlags.config, ...jsonFlag };
  static override flags = configValueFlags();

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const { diagnoseHost } = await import('../src/cli/doctor.ts');
    const { config } = await this.loadConfig(flags);
    const { json, text } = await diagnoseHost(config);
    this.print(flags.json, json, () => text);
    if (json.findings.some(({ severity }) => severity === 'problem')) process.exitCode = 1;
  }
}
