import { getHeapStatistics } from 'node:v8';
import { createRoute } from '@hono/zod-openapi';
import type { Clock } from '../base/clock.ts';
import { residentMemoryBytes } from '../base/resident-memory.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import { healthView, type StatusView, statusView } from '../contract/status.ts';
import type { Api } from './api-env.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, openToAll } from './operation.ts';
import { isoTime } from './views.ts';

export interface StatusRoutesOptions {
  readonly live: LiveControl;
  readonly urls: PublicUrls;
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  readonly startedAtMs: number;
}

const tags = ['Node'];

const health = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'health',
  tags,
  summary: 'Whether the server answers',
  ...openToAll,
  responses: { 200: answer('It does.', healthView) },
});

const status = createRoute({
  method: 'get',
  path: '/status',
  operationId: 'status',
  tags,
  summary: 'How this node does',
  ...needs('metrics:read'),
  responses: { 200: answer('Version, addresses, load and warnings.', statusView) },
});

export function addStatusRoutes(api: Api, options: StatusRoutesOptions): void {
  api.openapi(health, (c) => c.json({ status: 'ok' as const }, 200));
  api.openapi(status, (c) => c.json(statusOf(options), 200));
}

function statusOf({ live, urls, clock, version, node, startedAtMs }: StatusRoutesOptions): StatusView {
  const streams = live.list();
  const { publishers, viewers, requestsTotal, warnings } = live.status();
  const { used_heap_size: heapUsed, external_memory: external } = getHeapStatistics();
  return {
    version,
    node,
    pid: process.pid,
    started_at: isoTime(startedAtMs),
    uptime_seconds: Math.round((clock.wallMs() - startedAtMs) / 1000),
    http_url: urls.http,
    rtmp_url: urls.rtmp,
    streams: {
      active: streams.filter(({ state }) => state === 'ACTIVE').length,
      interrupted: streams.filter(({ interruptedSinceMs }) => interruptedSinceMs !== undefined).length,
    },
    publishers,
    viewers,
    requests_total: requestsTotal,
    memory: { rss_bytes: residentMemoryBytes(), heap_bytes: heapUsed, external_bytes: external },
    warnings: [...warnings],
  };
}
