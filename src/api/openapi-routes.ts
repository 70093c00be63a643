import { createHash } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import type { Api } from './api-env.ts';
import { isKnown } from './etag.ts';
import { openApiDocument } from './openapi/document.ts';
import { answer, ifNoneMatch, notModified, openToAll, tagged } from './operation.ts';

const showDocument = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'openApiDocument',
  tags: ['Node'],
  summary: 'This description',
  description: 'It holds no secrets and is open to all.',
  ...openToAll,
  request: { headers: ifNoneMatch },
  responses: { 200: tagged(answer('OpenAPI 3.1.', z.looseObject({ openapi: z.string() }))), 304: notModified },
});

/** `GET /openapi.json`, written when it is first asked for. */
export function addOpenApiRoutes(api: Api, { version }: { readonly version: string }): void {
  let written: { readonly text: string; readonly etag: string } | undefined;
  api.openapi(showDocument, (c) => {
    written ??= write(api, version);
    const { text, etag } = written;
    if (isKnown(c.req.header('if-none-match'), etag)) return c.body(null, 304, { etag });
    return c.body(text, 200, { etag, 'content-type': 'application/json' });
  });
}

function write(api: Api, version: string) {
  const text = JSON.stringify(openApiDocument(api, version));
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}
