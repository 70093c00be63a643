import { BaseCommand, configFileFlags } from '../src/cli/command.ts';
import { configValueFlags } from '../src/cli/config-flags.ts';

export default class Serve extends BaseCommand {
  static override summary = 'Run the server: RTMP in; HLS, low-latency HLS and DASH out; API and pages.';
  static override description =
    'SIGTERM and SIGINT drain and stop, a second one exits at once. SIGHUP reads the configuration again and says what needs a restart.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --data-dir /var/lib/streamctl --http-listen 0.0.0.0:80',
  ];
  static override baseFlags = { config: configFileFlags.config };
  static override flags = configValueFlags();

  override async run(): Promise<void> {
    const { flags } = await this.parse(Serve);
    const { serve } = await import('../src/cli/serve.ts');
    process.exitCode = await serve({
      load: () => this.loadConfig(flags),
      startApp: async (options) => (await import('../src/app.ts')).startApp(options),
    });
  }
}
