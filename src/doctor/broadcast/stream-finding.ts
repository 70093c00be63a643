import type { FindingSeverity } from '../../contract/finding.ts';
import type { BroadcastFindingCode } from './finding-texts.ts';

/** A finding before it is put into words: it crosses threads every second. */
export interface StreamFinding {
  readonly code: BroadcastFindingCode;
  readonly severity: FindingSeverity;
  readonly figures: Readonly<Record<string, number | string>>;
}
