import type { FindingSeverity, FindingView } from '../contract/finding.ts';

/** What a check says of one thing. */
export type Finding = FindingView;

interface FindingText {
  readonly found: string;
  /** For viewers, or for whoever publishes. */
  readonly means?: string;
  readonly remedy?: string;
  readonly figures?: Finding['figures'];
}

export function finding(code: string, severity: FindingSeverity, text: FindingText): Finding {
  const { found, means = '', remedy = '', figures = {} } = text;
  return { code, severity, found, means, remedy, figures: { ...figures } };
}

/** Nothing to do. */
export function fine(code: string, found: string, figures: Finding['figures'] = {}): Finding {
  return finding(code, 'ok', { found, figures });
}
