import { BaseCommand } from '../../src/cli/command.ts';

export default class ConfigCheck extends BaseCommand {
  static override summary =
    'Check the configuration: every mistake with file, line, what was found and what would be right.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config /etc/streamctl/streamctl.yaml',
  ];

  override async run(): Promise<void> {
    const { flags } = await this.parse(ConfigCheck);
    const { unavailableInThisBuild } = await import('../../src/config/availability.ts');
    const { config, filePath = null, warnings } = await this.loadConfig(flags);
    const unavailable = unavailableInThisBuild(config);
    this.print(flags.json, { file: filePath, warnings, unavailable }, () =>
      [
        filePath === null ? 'No configuration file; the defaults are fine.' : `${filePath} is fine.`,
        ...warnings.map((warning) => `! ${warning}`),
        ...unavailable.map(({ path, why }) => `! ${path} is not available in this build: ${why}.`),
      ].join('\n'),
    );
  }
}
