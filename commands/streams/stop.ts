import { Args } from '@oclif/core';
import { ServerCommand } from '../../src/cli/server-command.ts';

export default class StreamsStop extends ServerCommand {
  static override summary = 'Stop a stream: the publisher is sent away, playlists end.';
  static override description =
    'Its key stays good: an encoder that reconnects by itself, as OBS does after two seconds, begins a new stream. To keep it away: streamctl keys revoke CHANNEL.';
  static override examples = ['<%= config.bin %> <%= command.id %> morning-show'];
  static override args = {
    stream: Args.string({ required: true, description: 'Stream id, or a channel: then its current stream.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StreamsStop);
    const { streamState } = await import('../../src/cli/stream-text.ts');
    const stream = await this.withClient(flags, (client) => client.stopStream(args.stream));
    this.print(flags.json, stream, (value) => `Stream ${value.id} of channel ${value.channel}: ${streamState(value)}.`);
  }
}
