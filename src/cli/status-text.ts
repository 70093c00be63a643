import type { StatusView } from '../contract/status.ts';
import { bold, duration, megabytes, renderPairs } from './table.ts';

export function statusText(status: StatusView): string {
  const { streams, warnings } = status;
  const pairs = renderPairs([
    ['server', `streamctl ${status.version} on ${status.node}, process ${status.pid}`],
    ['running for', duration(status.uptime_seconds)],
    ['pages and API', status.http_url],
    ['publish to', status.rtmp_url],
    ['streams', `${streams.active}${streams.interrupted > 0 ? `, of which ${streams.interrupted} interrupted` : ''}`],
    ['publishers', status.publishers],
    ['viewers', status.viewers],
    ['requests answered', status.requests_total],
    ['memory', megabytes(status.memory.rss_bytes)],
  ]);
  if (warnings.length === 0) return pairs;
  return `${pairs}\n\n${bold('WARNINGS')}\n${warnings.map((warning) => `! ${warning}`).join('\n')}`;
}
