import * as z from 'zod';
import { percentiles, qoeMetrics } from './live-metrics.ts';
import { requestTime, utcTime } from './time.ts';

export const seriesResolutions = ['1s', '1m', '1h'] as const;
export type SeriesResolution = (typeof seriesResolutions)[number];

/** So many points of a series are answered at most: the newest of the time that was asked for. */
export const maxSeriesPoints = 1500;

export const streamMetricsQuery = z.object({
  resolution: z.enum(seriesResolutions).default('1s').meta({
    description: 'How long each point is. Seconds are known of the last hour, and only while the broadcast runs.',
  }),
  from: requestTime.optional().meta({ description: 'By default five minutes, six hours or a week before the end.' }),
  to: requestTime.optional().meta({ description: 'By default now.' }),
});

const count = z.int().min(0);

export const seriesPoint = z
  .object({
    time: utcTime.meta({ description: 'When it begins.' }),
    viewers: z.number().meta({ description: 'On average.' }),
    viewers_peak: z.number(),
    bitrate_in_bps: z.number(),
    bitrate_out_bps: z.number(),
    fps: z.number(),
    frames: count,
    dropped_frames: count,
    latency_ms: percentiles.meta({
      description:
        'From the arrival of a frame to the playlist that lists it, of the minute before; the worst of the time.',
    }),
  })
  .meta({ id: 'StreamMetricsPoint' });

export const streamAnalyticsView = z
  .object({
    stream_id: z.string(),
    channel: z.string(),
    now: z
      .object({
        viewers: count,
        bitrate_in_bps: count,
        bitrate_out_bps: count,
        fps: z.number(),
        frames: count,
        dropped_frames: count,
        latency_ms: percentiles.meta({
          description: 'From the arrival of a frame to the playlist that lists it, over the last minute.',
        }),
        health: z.enum(['good', 'fair', 'poor']).nullable(),
        warnings: z.array(z.string()),
      })
      .meta({ description: 'All zero or null for a broadcast that does not run here.' }),
    series: z.object({ resolution: z.enum(seriesResolutions), points: z.array(seriesPoint) }),
    viewers: z.object({ now: count, peak: z.number().meta({ description: 'Of the series.' }) }),
    qualities: z
      .array(z.object({ name: z.string(), viewers: count }))
      .meta({ description: 'Qualities that viewers watch, those first that most watch.' }),
    qoe: z.object({
      sessions: count,
      startup_ms: qoeMetrics.shape.startup_ms,
      rebuffer_ratio: qoeMetrics.shape.rebuffer_ratio,
      latency_ms: qoeMetrics.shape.latency_ms,
      bitrate: qoeMetrics.shape.bitrate_bps.meta({ description: 'Of what viewers watch, bit/s.' }),
    }),
    by_player: z.array(z.object({ player: z.string(), viewers: count })),
  })
  .meta({ id: 'StreamAnalytics', description: 'How a broadcast and its viewers do.' });
export type StreamAnalyticsView = z.output<typeof streamAnalyticsView>;

/** How long a ticket for a WebSocket is good. */
export const ticketSeconds = 30;

export const ticketView = z
  .object({
    ticket: z
      .string()
      .meta({ description: 'Goes into Sec-WebSocket-Protocol as `ticket.TICKET`, beside `streamctl`; good once.' }),
    expires_in: z.int().meta({ description: 'Seconds.', example: 30 }),
  })
  .meta({ id: 'SocketTicket' });
