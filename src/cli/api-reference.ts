import { declaredApi } from '../api/openapi/declared-api.ts';
import { type OpenApiDocument, openApiDocument, operationsOf } from '../api/openapi/document.ts';
import { commonProblemCodes } from '../api/openapi/problems.ts';
import type { Operation } from '../api/openapi/types.ts';
import { scopeNames, scopes } from '../contract/scopes.ts';

/** The description of the API, as docs/openapi.json has it. */
export function apiDocument(version: string): OpenApiDocument {
  return openApiDocument(declaredApi(), version);
}

/** docs/api.md: every operation with its scope and the codes of its problems. */
export function apiReference(document: OpenApiDocument): string {
  const operations = operationsOf(document);
  const common = operations.flatMap(({ operation, method }) => commonProblemCodes(operation, method === 'post'));
  return `${[
    ...introduction,
    '## Scopes',
    '',
    '| scope | allows to |',
    '| --- | --- |',
    ...scopeNames.map((name) => `| \`${name}\` | ${scopes[name]} |`),
    ...document.tags.flatMap(({ name, description }) => [
      '',
      `## ${name}`,
      '',
      description,
      '',
      '| operation | what it does | scope | answers | problems of its own |',
      '| --- | --- | --- | --- | --- |',
      ...operations
        .filter(({ operation }) => operation.tags.includes(name))
        .map(({ path, method, operation }) => row(path, method, operation)),
    ]),
    '',
    '## Problems that follow from the above',
    '',
    `${[...new Set(common)]
      .sort()
      .map((code) => `\`${code}\``)
      .join(', ')}; [errors.md](errors.md) explains each.`,
  ].join('\n')}\n`;
}

const introduction = [
  '# The API',
  '',
  'Generated from the code by `npm run docs`. [openapi.json](openapi.json) is the whole description (OpenAPI 3.1); a server answers it at `/openapi.json`',
  'and shows it at `/docs`.',
  '',
  '    curl --unix-socket data/control.sock http://localhost/streams',
  '    curl -H "Authorization: Bearer $(cat data/admin.token)" http://localhost:8080/streams',
  '',
  '- **Who asks.** An API token as bearer, with the scope the operation needs, or the Unix socket, where file permissions are the login. 401 tells that it is not known who asks, 403 which scope is missing.',
  '- **Pages.** Every list answers `{items, next_cursor}`: give `next_cursor` as `cursor` until it is null; `limit` is 1 to 1000, and 100 when it is left out.',
  '- **Sending it twice.** Give a POST an `Idempotency-Key` (a UUID, say). For 24 hours the same caller with the same key and body gets the first answer again (`idempotency-replayed: true`), a',
  '  key of a stream or a token too; another body under the same key is refused (422); while the first is under way, 409 with `Retry-After`. What failed inside (5xx) is done anew.',
  '- **Changing what was read.** A key has an `ETag`. With `If-Match` a change is made only of that state, else 412; with `If-None-Match` reading answers 304 while it is known.',
  '- **How often.** 100 requests a second for each token, 500 at once after a rest; the headers `RateLimit` and `RateLimit-Policy` tell what is left, 429 when to come back. An address that does not say who it is may be refused',
  '  60 times at once and twice a second after that. Over the Unix socket nobody is limited.',
  '- **Bodies** are `application/json` of at most 64 kB and 32 levels, without `Content-Encoding`; members that are not known are refused, every mistake at once.',
  '- No answer has CORS headers: pages of other sites cannot read any of it.',
  '',
];

function row(path: string, method: string, operation: Operation): string {
  const common: readonly string[] = commonProblemCodes(operation, method === 'post');
  const answers = Object.keys(operation.responses).filter((status) => Number(status) < 400);
  const own = (operation['x-problem-codes'] ?? []).filter((code) => !common.includes(code));
  const cells = [
    `\`${method.toUpperCase()} ${path}\``,
    operation.summary,
    scopeOf(operation),
    answers.join(', '),
    own.map((code) => `\`${code}\``).join(' '),
  ];
  return `| ${cells.join(' | ')} |`;
}

function scopeOf({ security }: Operation): string {
  if (security.length === 0) return 'open to all';
  return security.map((way) => way.token?.map((scope) => `\`${scope}\``).join(' ') ?? 'stream key').join(' or ');
}
