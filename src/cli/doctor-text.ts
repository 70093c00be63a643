import { styleText } from 'node:util';
import type { FindingSeverity, FindingView } from '../contract/finding.ts';

const styles = {
  ok: 'green',
  note: 'cyan',
  warning: 'yellow',
  problem: ['red', 'bold'],
} as const satisfies Record<FindingSeverity, unknown>;

const indent = ' '.repeat(9);

/** One finding: what, what it means and what to do, each on a line of its own. */
function findingText({ severity, found, means, remedy, code }: FindingView): string {
  const style = styles[severity];
  const label = styleText(typeof style === 'string' ? style : [...style], severity.padEnd(8), {
    stream: process.stdout,
  });
  const shown = severity === 'ok' ? found : `${found} ${dim(`[${code}]`)}`;
  return [`${label} ${shown}`, ...[means, remedy && `→ ${remedy}`].filter(Boolean).map((line) => indent + line)].join(
    '\n',
  );
}

/** What matters most comes last, where a terminal ends. */
export function findingsText(findings: readonly FindingView[]): string {
  return findings.map(findingText).join('\n');
}

/** `2 problems, 1 warning.` */
export function verdictText(findings: readonly FindingView[], whenFine: string): string {
  const count = (severity: FindingSeverity) => findings.filter((one) => one.severity === severity).length;
  const problems = count('problem');
  const warnings = count('warning');
  if (problems + warnings === 0) return whenFine;
  return `${[amount(problems, 'problem'), amount(warnings, 'warning')].filter(Boolean).join(', ')}.`;
}

function amount(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}
