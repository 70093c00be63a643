import * as z from 'zod';
import { problemView } from '../../contract/problem.ts';
import { scopeNames, scopes } from '../../contract/scopes.ts';
import type { Api } from '../api-env.ts';
import { idempotencyKeyPattern } from '../idempotency.ts';
import { exampleOf } from './example.ts';
import { commonProblemCodes, problemExamples, problemResponses } from './problems.ts';
import { tagDescriptions } from './tags.ts';
import type { Operation, Parameter, Schema, Schemas } from './types.ts';

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof methods)[number];

const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Repeated within 24 hours with the same key and body, the request is answered as it was answered first.',
  schema: {
    type: 'string',
    pattern: idempotencyKeyPattern.source,
    examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
  },
};

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of the API: `streamctl tokens create NAME`. The first start writes an administrator’s to `admin.token` of the data ' +
      `folder. Over the Unix socket none is needed. Scopes: ${scopeNames.map((name) => `\`${name}\` (${scopes[name]})`).join(', ')}.`,
  },
  streamKey: { type: 'http', scheme: 'bearer', description: 'A stream key, which stands for its channel.' },
};

const description = `Broadcasts, stream keys, tokens, events and metrics of a streamctl server.

- Members are \`snake_case\`, times ISO 8601 in UTC, \`null\` means that there is none. Members that are not known are refused in requests; answers may get new ones.
- A list is answered in pages: give \`next_cursor\` as \`cursor\` until it is null.
- A refusal is \`application/problem+json\` (RFC 9457) with \`code\`, \`detail\` and \`remedy\`; \`streamctl explain CODE\` tells the same.
- A body is JSON of at most 64 kB and 32 levels.`;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;
  readonly components: { readonly schemas: Schemas } & Readonly<Record<string, unknown>>;
}

/** What the API declares of its operations, as OpenAPI 3.1, with what follows for all of them. */
export function openApiDocument(api: Api, version: string): OpenApiDocument {
  const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
  const declared = api.getOpenAPI31Document({
    openapi: '3.1.1',
    info: { title: 'streamctl', version, description, license },
    servers: [{ url: '/', description: 'This server.' }],
    tags: [],
  });
  const document = asJsonSchema(declared) as OpenApiDocument;
  const { schemas } = document.components;
  const operations = operationsOf(document);
  const codes = new Set(operations.flatMap(({ method, operation }) => complete(operation, method, schemas)));
  const used = new Set(operations.flatMap(({ operation }) => operation.tags));
  const tags = Object.entries(tagDescriptions).filter(([name]) => used.has(name));
  return {
    ...document,
    tags: tags.map(([name, text]) => ({ name, description: text })),
    components: {
      ...document.components,
      schemas: { ...schemas, Problem: problemSchema() },
      securitySchemes,
      examples: problemExamples([...codes].sort()),
    },
  };
}

/** No route declares it, because all of them answer it. */
function problemSchema(): Schema {
  return z.toJSONSchema(problemView, { io: 'input' }).$defs?.Problem as Schema;
}

/** Every operation with its path and method. */
export function operationsOf({ paths }: Pick<OpenApiDocument, 'paths'>) {
  return Object.entries(paths).flatMap(([path, operations]) =>
    methods.flatMap((method) => {
      const operation = operations[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
}

/** Adds what follows from the rest of a declaration, and returns the codes of all its problems. */
function complete(operation: Operation, method: Method, schemas: Schemas): readonly string[] {
  const isPost = method === 'post';
  if (isPost && operation.security.length > 0) operation.parameters = [...(operation.parameters ?? []), idempotencyKey];
  const codes = [...(operation['x-problem-codes'] ?? []), ...commonProblemCodes(operation, isPost)];
  operation['x-problem-codes'] = [...new Set(codes)].sort();
  for (const { content } of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
    const json = content?.['application/json'];
    if (json?.schema !== undefined) json.example = exampleOf(json.schema, schemas);
  }
  operation.responses = { ...operation.responses, ...problemResponses(operation['x-problem-codes']) };
  return operation['x-problem-codes'];
}

/** A copy in which examples and patterns of schemas are written as JSON Schema 2020-12 has them, and parameters are described once. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { example, ...members } = value as Schema;
  const copy = Object.fromEntries(Object.entries(members).map(([name, member]) => [name, asJsonSchema(member)]));
  // A regular expression with flags comes as `…/u`.
  if (typeof copy.pattern === 'string') copy.pattern = copy.pattern.replace(/\/u$/, '');
  if (typeof copy.in === 'string') delete (copy.schema as Schema).description;
  return example === undefined ? copy : { ...copy, examples: [example] };
}
