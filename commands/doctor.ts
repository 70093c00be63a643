import { Args } from '@oclif/core';
import { configFileFlags, jsonFlag } from '../src/cli/command.ts';
import { configValueFlags } from '../src/cli/config-flags.ts';
import { ServerCommand, serverFlags } from '../src/cli/server-command.ts';
import type { FindingView } from '../src/contract/finding.ts';

export default class Doctor extends ServerCommand {
  static override summary =
    'Find out what stands in the way, on this machine or in a broadcast, and what to do about it.';
  static override description =
    'Looks at ports, ffmpeg, limits, clock, disk, memory, certificates and the store, with or without a running server, and changes nothing. With the name of a channel it looks at its live broadcast. Exit code 1 when there is a problem.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> morning-show',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override args = {
    stream: Args.string({ description: 'A live broadcast, by stream id or channel; without it, this machine.' }),
  };
  static override baseFlags = { config: configFileFlags.config, ...serverFlags, ...jsonFlag };
  static override flags = configValueFlags();

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Doctor);
    const { unlessInterrupted } = await import('../src/cli/end-signal.ts');
    const name = args.stream;
    if (name === undefined) {
      const { refuseServer } = await import('../src/cli/remote-server.ts');
      refuseServer(flags, 'the name of a broadcast beside it: a machine is looked at from the machine itself');
      const { config } = await this.loadConfig(flags);
      const { diagnoseHost } = await import('../src/cli/doctor.ts');
      const found = await unlessInterrupted((signal) => diagnoseHost(config, signal));
      if (found !== undefined) this.conclude(flags.json, found.json, found.text);
    } else {
      const { broadcastText, diagnoseBroadcast } = await import('../src/cli/doctor-broadcast.ts');
      const stream = await this.withClient(
        flags,
        (client) => unlessInterrupted((signal) => diagnoseBroadcast(client, name, signal)),
        { mustRun: true },
      );
      if (stream !== undefined) this.conclude(flags.json, stream, broadcastText(stream));
    }
  }

  private conclude<Diagnosis extends { readonly findings: readonly FindingView[] }>(
    isJson: boolean | undefined,
    diagnosis: Diagnosis,
    text: string,
  ): void {
    this.print(isJson, diagnosis, () => text);
    if (diagnosis.findings.some(({ severity }) => severity === 'problem')) process.exitCode = 1;
  }
}
