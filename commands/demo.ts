import { Flags } from '@oclif/core';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';

export default class Demo extends BaseCommand {
  static override summary = 'See it work: a server, a broadcast and a link to watch it, in one command.';
  static override description =
    'Publishes a bundled sample in a loop to a server of its own, whose data are in a temporary folder. Ctrl-C ends it and leaves nothing behind. Needs no configuration, no ffmpeg and no rights.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --http-listen 127.0.0.1:9000',
  ];
  static override baseFlags = jsonFlag;
  static override flags = {
    'http-listen': Flags.string({
      helpValue: 'ADDRESS',
      description: 'Instead of 0.0.0.0:8080, or the next free port.',
    }),
    'rtmp-listen': Flags.string({
      helpValue: 'ADDRESS',
      description: 'Instead of 0.0.0.0:1935, or the next free port.',
    }),
    seconds: Flags.integer({ min: 1, helpValue: 'N', description: 'End by itself after this much media.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const { demo } = await import('../src/cli/demo.ts');
    const { demoText } = await import('../src/cli/demo-text.ts');
    const { startApp } = await import('../src/app.ts');
    const { sampleClip } = await import('../src/publisher/sample-clip.ts');
    if (!flags.json) this.log('Starting a server and a broadcast …');
    await demo({
      clip: await sampleClip(),
      httpListen: flags['http-listen'],
      rtmpListen: flags['rtmp-listen'],
      seconds: flags.seconds,
      startApp,
      onLive: (links) => this.print(flags.json, links, demoText),
    });
  }
}
