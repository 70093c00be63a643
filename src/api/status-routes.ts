import type { Hono } from 'hono';
import type { Clock } from '../base/clock.ts';
import type { StatusView } from '../contract/api.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import { json } from './json.ts';
import type { LiveControl } from './live-control.ts';
import { isoTime } from './views.ts';

export interface StatusRoutesOptions {
  readonly live: LiveControl;
  readonly urls: PublicUrls;
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  readonly startedAtMs: number;
}

export function addStatusRoutes(api: Hono, options: StatusRoutesOptions): void {
  api.get('/healthz', () => json({ status: 'ok' }));
  api.get('/status', () => json(statusOf(options)));
}

function statusOf({ live, urls, clock, version, node, startedAtMs }: StatusRoutesOptions): StatusView {
  const streams = live.list();
  const { publishers, viewers, requestsTotal, warnings } = live.status();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    version,
    node,
    pid: process.pid,
    started_at: isoTime(startedAtMs),
    uptime_seconds: Math.round((clock.wallMs() - startedAtMs) / 1000),
    http_url: urls.http,
    rtmp_url: urls.rtmp,
    streams: {
      active: streams.length,
      interrupted: streams.filter(({ interruptedSinceMs }) => interruptedSinceMs !== undefined).length,
    },
    publishers,
    viewers,
    requests_total: requestsTotal,
    memory: { rss_bytes: rss, heap_bytes: heapUsed, external_bytes: external },
    warnings: [...warnings],
  };
}
