import * as z from 'zod';
import { percentiles, qoeMetrics } from './live-metrics.ts';
import { requestTime, utcTime } from './time.ts';

const seriesResolutions = ['1s', '1m', '1h'] as const;
export type SeriesResolution = (typeof seriesResolutions)[number];

/** So many points of a series are answered at most: the newest of the time that was asked for. */
export const maxSeriesPoints = 1500;

export const streamMetricsQuery = z.object({
  resolution: z.enum(seriesResolutions).optional().meta({
    description:
      'How long each point is. Seconds are known of the last hour, and only while the broadcast runs. By default seconds of a broadcast that runs here, else minutes.',
  }),
  from: requestTime.optional().meta({
    description:
      'By default five minutes, six hours or a week before the end, by resolution; of a broadcast that does not run here its beginning.',
  }),
  to: requestTime.optional().meta({ description: 'By default now.' }),
});

const count = z.int().min(0);

const seriesPoint = z
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
    rebuffer_ratio: z.number().nullable().meta({ description: 'Of the five minutes before; the worst of the time.' }),
  })
  .meta({ id: 'StreamMetricsPoint' });

const rebufferRatio = z.number().nullable().meta({
  description:
    'Of the time that was watched or waited for, the share that the picture stood still; of viewers whose stalls are known.',
});

/** Some of the viewers: those now, and the sessions of the time that was asked for. */
const group = { viewers: count, sessions: count, watch_ms: count, rebuffer_ratio: rebufferRatio };

const startupSources = ['beacon', 'cmcd2', 'msd', 'est'] as const;

/** How viewers fared, by the sessions of the time that was asked for. */
const experience = z.object({
  sessions: count,
  watch_ms: count.meta({ description: 'How long pictures moved, of all of them.' }),
  stalls: count.nullable().meta({ description: 'Of viewers of whom they are known; null: of none.' }),
  errors: count,
  startup_ms: percentiles.meta({ description: 'By the best source there is.' }),
  startup_by_source: z
    .array(z.object({ source: z.enum(startupSources), sessions: count, p50: z.number(), p95: z.number() }))
    .meta({ description: 'The best source first: figures of different sources are never mixed.' }),
  rebuffer_ratio: rebufferRatio,
  latency_ms: percentiles.meta({ description: 'Distance to live.' }),
  bitrate: percentiles.meta({ description: 'Sent to a viewer while it watched, bit/s.' }),
});

export const streamAnalyticsView = z
  .object({
    stream_id: z.string(),
    channel: z.string(),
    range: z.object({ from: utcTime, to: utcTime }).meta({ description: 'The time that is answered for.' }),
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
        qoe: qoeMetrics.meta({ description: 'How those fare who watch now, over the last five minutes.' }),
        health: z.enum(['good', 'fair', 'poor']).nullable(),
        warnings: z.array(z.string()),
      })
      .meta({ description: 'All zero or null for a broadcast that does not run here.' }),
    series: z.object({ resolution: z.enum(seriesResolutions), points: z.array(seriesPoint) }),
    viewers: z.object({ now: count, peak: z.number().meta({ description: 'Of the series.' }) }),
    qualities: z
      .array(z.object({ name: z.string(), ...group }))
      .meta({ description: 'By the quality that is watched, or was watched last; empty: none is known.' }),
    qoe: experience,
    by_player: z.array(z.object({ player: z.string(), ...group })),
    by_country: z
      .array(z.object({ country: z.string().meta({ example: 'DE' }), ...group }))
      .meta({ description: 'ISO 3166-1 alpha-2; ZZ: not known, or not looked up (`analytics.geoip`).' }),
  })
  .meta({ id: 'StreamAnalytics', description: 'How a broadcast and its viewers do, or did.' });
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
