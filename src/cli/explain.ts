import { type ErrorCode, errorCatalog } from '../base/error-catalog.ts';
import { meaningOf } from '../base/error-meaning.ts';
import { StreamctlError } from '../base/errors.ts';
import { nearest } from '../config/problem.ts';
import { renderPairs } from './table.ts';

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

/** Throws CLI_CODE_UNKNOWN. */
export function explanationOf(text: string): Explanation {
  const code = text.trim().toUpperCase();
  if (Object.hasOwn(errorCatalog, code)) return explain(code as ErrorCode);
  const near = nearest(code, Object.keys(errorCatalog));
  throw new StreamctlError('CLI_CODE_UNKNOWN', { code: code.slice(0, 64), near: near ?? '' });
}

export function explanations(): Explanation[] {
  return Object.keys(errorCatalog)
    .sort()
    .map((code) => explain(code as ErrorCode));
}

export function explanationText(explanation: Explanation): string {
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
