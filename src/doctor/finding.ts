import type { FindingSeverity, FindingView } from '../contract/finding.ts';
import { type HostFindingCode, type HostFindingDetails, hostFindingWords } from './host/finding-texts.ts';

/** What a check says of one thing. */
export type Finding = FindingView;

interface FindingFacts {
  readonly found: string;
  /** For the words of its code. */
  readonly details?: HostFindingDetails;
  /** In place of that of its code: of the error that was met. */
  readonly remedy?: string;
  readonly figures?: Finding['figures'];
}

export function finding(code: HostFindingCode, severity: FindingSeverity, facts: FindingFacts): Finding {
  const { found, details = {}, figures = {} } = facts;
  const { means, remedy } = hostFindingWords(code, details);
  return { code, severity, found, means, remedy: facts.remedy ?? remedy, figures: { ...figures } };
}

/** Nothing to do. */
export function fine(code: HostFindingCode, found: string, figures: Finding['figures'] = {}): Finding {
  return finding(code, 'ok', { found, figures });
}
