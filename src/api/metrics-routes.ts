import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import type { Api } from './api-env.ts';
import { needs, openToAll } from './operation.ts';

/** Metrics in the text format of Prometheus. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** `GET /metrics`; `isPublic`: for everybody (`metrics.public`). */
export function addMetricsRoutes(api: Api, metrics: MetricsText, isPublic: boolean): void {
  const showMetrics = createRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'prometheusMetrics',
    tags: ['Node'],
    summary: 'Metrics for Prometheus',
    ...(isPublic ? openToAll : needs('metrics:read')),
    responses: {
      200: { description: 'In the text format of Prometheus.', content: { 'text/plain': { schema: z.string() } } },
    },
  });
  api.openapi(showMetrics, async (c) => c.text(await metrics.metrics(), 200, { 'content-type': metrics.contentType }));
}
