import { expect, test } from 'vitest';
import { declaredApi } from '../../src/api/openapi/declared-api.ts';
import { openApiDocument, operationsOf } from '../../src/api/openapi/document.ts';
import { ApiClient } from '../../src/client/api-client.ts';

/** What is not asked for by programs that have the client. */
const notForClients = ['health', 'prometheusMetrics', 'openApiDocument'];

test('the client has every operation, under its name', () => {
  const operations = operationsOf(openApiDocument(declaredApi(), '0')).map(({ operation }) => operation.operationId);
  const missing = operations.filter((name) => !notForClients.includes(name) && !(name in ApiClient.prototype));
  expect(missing).toEqual([]);
});

test('each operation asks for the path and method it has', async () => {
  const described = operationsOf(openApiDocument(declaredApi(), '0')).filter(
    ({ operation }) => !notForClients.includes(operation.operationId),
  );
  for (const { path, method, operation } of described) {
    const asked: string[] = [];
    const client = new ApiClient(async (request) => {
      asked.push(`${request.method.toLowerCase()} ${new URL(request.url).pathname}`);
      return new Response(null, { status: 599 });
    });
    const call = client[operation.operationId as keyof ApiClient] as (...args: unknown[]) => Promise<unknown>;
    const args = path.includes('{') ? ['some-one', {}] : [{}];
    await call.apply(client, args).catch(() => {});
    expect(asked).toEqual([`${method} ${path.replaceAll(/\{\w+\}/g, 'some-one')}`]);
  }
});
