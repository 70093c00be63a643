import { Args } from '@oclif/core';
import { BaseCommand, jsonFlag } from '../src/cli/command.ts';

export default class Explain extends BaseCommand {
  static override summary = 'Explain the code of an error or of a finding of doctor: what it means and what to do.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> CONFIG_INVALID',
    '<%= config.bin %> <%= command.id %> keyframes-far-apart',
    '<%= config.bin %> <%= command.id %>',
  ];
  static override args = { code: Args.string({ description: 'Its code; without it, all are listed.' }) };
  static override baseFlags = jsonFlag;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Explain);
    const { explanationOf, explanations, explanationText, findingExplanations } = await import('../src/cli/explain.ts');
    if (args.code !== undefined) {
      this.print(flags.json, explanationOf(args.code), explanationText);
      return;
    }
    const { renderTable } = await import('../src/cli/table.ts');
    const rows = [...explanations(), ...findingExplanations()];
    this.print(flags.json, rows, (all) =>
      renderTable(
        ['CODE', 'MEANING'],
        all.map(({ code, meaning }) => [code, meaning]),
      ),
    );
  }
}
