import { Args, Flags } from '@oclif/core';
import { systemClock } from '../src/base/clock.ts';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';
import { endSignal } from '../src/cli/end-signal.ts';
import { showPublishProgress } from '../src/cli/publish-progress.ts';
import { publishExitCode, publishSummary, publishSummaryText } from '../src/cli/publish-summary.ts';
import { loadClip } from '../src/publisher/flv-clip.ts';
import { numberedUrl, parsePublishUrl, redactedUrl } from '../src/publisher/publish-url.ts';
import { PublisherGroup } from '../src/publisher/publisher-group.ts';

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
      description: 'Publish N times, to KEY-1 … KEY-N.',
    }),
    reconnect: Flags.boolean({ description: 'Come back when the connection breaks.' }),
    'chunk-size': Flags.integer({
      min: 128,
      max: 65_536,
      default: 4096,
      helpValue: 'BYTES',
      description: 'Of RTMP chunks; OBS uses 4096, ffmpeg 128.',
    }),
    'start-timestamp': Flags.integer({
      min: 0,
      default: 0,
      helpValue: 'MS',
      description: 'Timestamp of the first frame.',
    }),
    insecure: Flags.boolean({ description: 'rtmps:// only: accept any certificate.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Publish);
    const url = parsePublishUrl(args.url);
    const group = new PublisherGroup({
      clip: await loadClip(args.file),
      urls: flags.count === 1 ? [url] : Array.from({ length: flags.count }, (_, index) => numberedUrl(url, index + 1)),
      staggerMs: Math.min(200, 2000 / flags.count),
      clock: systemClock,
      loop: flags.loop,
      reconnect: flags.reconnect,
      chunkSizeBytes: flags['chunk-size'],
      startTimestampMs: flags['start-timestamp'],
      allowAnyCertificate: flags.insecure,
      ...(flags.seconds === undefined ? {} : { maxMediaMs: flags.seconds * 1000 }),
    });
    const endProgress = showPublishProgress(redactedUrl(url), () => group.stats(), process.stderr);
    const failures = await group.run(endSignal()).finally(endProgress);
    if (failures.length === flags.count) throw failures[0]?.error;
    this.print(flags.json, publishSummary(redactedUrl(url), group.stats(), failures), publishSummaryText);
    if (failures.length > 0) this.exit(publishExitCode(failures));
  }
}
