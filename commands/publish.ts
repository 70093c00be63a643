import { Args, Flags } from '@oclif/core';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';

export default class Publish extends BaseCommand {
  static override summary = 'Publish an FLV file over RTMP in real time: a test broadcast without an encoder.';
  static override description =
    'Works with any RTMP server. Make a file: ffmpeg -i INPUT -c:v libx264 -g 60 -c:a aac OUTPUT.flv';
  static override examples = [
    '<%= config.bin %> <%= command.id %> clip.flv rtmp://localhost/live/KEY --loop',
    '<%= config.bin %> <%= command.id %> clip.flv rtmp://localhost/live/load --loop --count 20 --seconds 60',
  ];
  static override args = {
    file: Args.string({ required: true, description: 'FLV file.' }),
    url: Args.string({ required: true, description: 'Where to: rtmp://HOST/live/KEY, or rtmps://…' }),
  };
  static override baseFlags = jsonFlag;
  static override flags = {
    loop: Flags.boolean({ description: 'Begin again at the end, for ever.' }),
    seconds: Flags.integer({ min: 1, helpValue: 'N', description: 'Stop after this much media.' }),
    count: Flags.integer({
      min: 1,
      max: 1000,
      default: 1,
      helpValue: 'N',
      description: 'Publish N times: to KEY-1 … KEY-N.',
    }),
    reconnect: Flags.boolean({ description: 'Come back when the connection breaks.' }),
    'chunk-size': Flags.integer({
      min: 128,
      max: 65_536,
      default: 4096,
      helpValue: 'BYTES',
      description: 'Of RTMP chunks: OBS uses 4096, ffmpeg 128.',
    }),
    'start-timestamp': Flags.integer({
      min: 0,
      default: 0,
      helpValue: 'MS',
      description: 'Timestamp of the first frame.',
    }),
    insecure: Flags.boolean({ description: 'rtmps:// only: accept any certificate.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Publish);
    const { publish } = await import('../src/cli/publish.ts');
    const { publishSummaryText } = await import('../src/cli/publish-summary.ts');
    const summary = await publish({
      ...args,
      loop: flags.loop,
      seconds: flags.seconds,
      count: flags.count,
      reconnect: flags.reconnect,
      chunkSizeBytes: flags['chunk-size'],
      startTimestampMs: flags['start-timestamp'],
      allowAnyCertificate: flags.insecure,
    });
    this.print(flags.json, summary, publishSummaryText);
    if (summary.failures[0] !== undefined) process.exitCode = summary.failures[0].exit_code;
  }
}
