import type { Hono } from 'hono';

/** Metrics in the text format of Prometheus. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** `GET /metrics`. */
export function addMetricsRoutes(api: Hono, metrics: MetricsText): void {
  api.get('/metrics', async (c) =>
    c.body(await metrics.metrics(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }),
  );
}
