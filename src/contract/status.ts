import * as z from 'zod';
import { utcTime } from './time.ts';

export const statusView = z
  .object({
    version: z.string(),
    node: z.string(),
    pid: z.int(),
    started_at: utcTime,
    uptime_seconds: z.number(),
    http_url: z.string(),
    rtmp_url: z.string(),
    streams: z.object({ active: z.int(), interrupted: z.int() }),
    publishers: z.int(),
    viewers: z.int(),
    requests_total: z.int().meta({ description: 'Playback requests answered since the start.' }),
    memory: z.object({ rss_bytes: z.int(), heap_bytes: z.int(), external_bytes: z.int() }),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'NodeStatus', description: 'How this node does.' });
export type StatusView = z.output<typeof statusView>;

export const healthView = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
