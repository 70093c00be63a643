import { type ErrorCode, errorCatalog } from '../base/error-catalog.ts';
import { meaningOf } from '../base/error-meaning.ts';
import { StreamctlError } from '../base/errors.ts';
import { nearest } from '../config/problem.ts';
import { findingMeanings } from '../doctor/finding-meaning.ts';
import { renderPairs } from './table.ts';

/** Of an error. */
export interface Explanation {
  readonly code: string;
  /** The message, with `<name>` where the details of a case stand. */
  readonly meaning: string;
  readonly remedy: string;
  readonly http_status: number;
  readonly exit_code: number;
}

const exitCodes: Readonly<Record<number, string>> = {
  1: 'failure',
  2: 'wrong usage or configuration',
  3: 'not found',
  4: 'refused',
  5: 'out of reach',
};

/** Of a finding of doctor. */
export interface FindingExplanation {
  readonly code: string;
  /** With `<name>` where the figures of a case stand. */
  readonly meaning: string;
  /** What that does to viewers; empty where all is well. */
  readonly why: string;
  /** Empty where there is nothing to do. */
  readonly remedy: string;
}

/** Of an error or a finding. Throws CLI_CODE_UNKNOWN. */
export function explanationOf(text: string): Explanation | FindingExplanation {
  const code = text.trim();
  const ofError = code.toUpperCase();
  if (Object.hasOwn(errorCatalog, ofError)) return explain(ofError as ErrorCode);
  const findings = findingExplanations();
  const ofFinding = findings.find((finding) => finding.code === code.toLowerCase());
  if (ofFinding !== undefined) return ofFinding;
  const codes = findings.map((finding) => finding.code);
  const near = nearest(ofError, Object.keys(errorCatalog)) ?? nearest(code.toLowerCase(), codes);
  throw new StreamctlError('CLI_CODE_UNKNOWN', { code: code.slice(0, 64), near: near ?? '' });
}

export function findingExplanations(): FindingExplanation[] {
  return findingMeanings().map(({ code, title: meaning, means: why, remedy }) => ({ code, meaning, why, remedy }));
}

export function explanations(): Explanation[] {
  return Object.keys(errorCatalog)
    .sort()
    .map((code) => explain(code as ErrorCode));
}

export function explanationText(explanation: Explanation | FindingExplanation): string {
  if ('why' in explanation) {
    return renderPairs([
      ['code', explanation.code],
      ['meaning', explanation.meaning],
      ['for viewers', explanation.why],
      ['what to do', explanation.remedy],
    ]);
  }
  return renderPairs([
    ['code', explanation.code],
    ['meaning', explanation.meaning],
    ['what to do', explanation.remedy],
    ['HTTP status', explanation.http_status],
    ['exit code', `${explanation.exit_code} (${exitCodes[explanation.exit_code]})`],
  ]);
}

function explain(code: ErrorCode): Explanation {
  const { remedy, httpStatus, exitCode } = errorCatalog[code];
  return { code, meaning: meaningOf(code), remedy, http_status: httpStatus, exit_code: exitCode };
}
