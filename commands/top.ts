import { Flags } from '@oclif/core';
import { ServerCommand } from '../src/cli/server-command.ts';

export default class Top extends ServerCommand {
  static override summary = 'Watch the running server live: streams, viewers, health, bitrates, latency, ladders.';
  static override description =
    'Needs a terminal; into a pipe it prints one frame, as --once does. Keys: ? shows them. No colours where NO_COLOR is set.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --once',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.streams[] | [.channel, .viewers] | @tsv'",
    '<%= config.bin %> <%= command.id %> --server https://live.example.org --token-file token',
  ];
  static override flags = {
    once: Flags.boolean({ description: 'Print one frame as text and end; with --json, one snapshot.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Top);
    const { top } = await import('../src/cli/top.ts');
    const server = await this.liveServer(flags);
    await top({ server, once: flags.once, json: flags.json === true });
  }
}
