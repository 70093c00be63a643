import { STATUS_CODES } from 'node:http';
import { type ErrorCode, errorCatalog } from '../../base/error-catalog.ts';
import { meaningOf } from '../../base/error-meaning.ts';
import type { ProblemView } from '../../contract/problem.ts';
import type { Operation } from './types.ts';

const problemMediaType = 'application/problem+json';

/** The codes that follow from what an operation declares, beside its own. */
export function commonProblemCodes(operation: Operation, isPost: boolean): readonly ErrorCode[] {
  const codes: ErrorCode[] = ['API_RATE_LIMITED', 'API_INTERNAL'];
  const hasInput = operation.requestBody !== undefined || operation.parameters?.some((given) => given.in === 'query');
  if (hasInput) codes.push('API_INPUT_INVALID');
  if (operation.requestBody !== undefined) codes.push('API_BODY_TYPE', 'API_BODY_TOO_LARGE');
  if (operation.security.length === 0) return codes;
  codes.push('API_UNAUTHENTICATED', 'ACCESS_TOKEN_UNKNOWN', 'ACCESS_TOKEN_EXPIRED', 'ACCESS_TOKEN_REVOKED');
  codes.push('API_SCOPE_MISSING', 'STORE_LOCKED', 'STORE_THREAD_DIED');
  if (isPost) codes.push('API_IDEMPOTENCY_MISMATCH', 'API_IDEMPOTENCY_BUSY');
  return codes;
}

/** The answers with which problems come: one for each HTTP status, which names its codes. */
export function problemResponses(codes: readonly string[]): Operation['responses'] {
  const byStatus = Map.groupBy(codes.filter(isCode), (code) => errorCatalog[code].httpStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: `${STATUS_CODES[status]}: ${ofStatus.map((code) => `\`${code}\``).join(', ')}.`,
        ...(status === 401 ? { headers: { 'WWW-Authenticate': { schema: { type: 'string', const: 'Bearer' } } } } : {}),
        ...([409, 429, 503].includes(status)
          ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
        content: {
          [problemMediaType]: {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(ofStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      },
    ]),
  );
}

/** One problem for each code, as it is answered. */
export function problemExamples(codes: readonly string[]): Record<string, { summary: string; value: ProblemView }> {
  return Object.fromEntries(
    codes.filter(isCode).map((code) => {
      const { httpStatus: status, remedy } = errorCatalog[code];
      const title = code.toLowerCase().replaceAll('_', ' ');
      const detail = meaningOf(code);
      return [code, { summary: detail, value: { type: 'about:blank', title, status, code, detail, remedy } }];
    }),
  );
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalog, code);
}
