import * as z from 'zod';
import { pageOf } from './page.ts';
import { utcTime, utcTimeOrNull } from './time.ts';

const qualityChangeView = z
  .object({
    at: utcTime,
    rendition: z.string().meta({ example: '720p' }),
    reason: z.string().meta({
      description:
        'startup, bandwidth, buffer, dropped-frames, player-size, error, manual, or unknown. Our own page says it; of other players it is concluded.',
      example: 'bandwidth',
    }),
  })
  .meta({ id: 'QualityChange', description: 'From this time on it watched this quality.' });

const sessionView = z
  .object({
    id: z.string().meta({ example: 'vs_1f0cQ7w2k5x3' }),
    stream_id: z.string().meta({ example: 'st_q7w2k5x3abcde' }),
    started_at: utcTime,
    last_seen_at: utcTime,
    ended_at: utcTimeOrNull.meta({ description: 'Null while it goes on.' }),
    player: z.string().meta({ description: 'As it says itself, or as User-Agent tells.', example: 'hls.js 1.7.4' }),
    network: z.string().meta({
      description: 'The network of the address, IPv4 /24 or IPv6 /48; more of it is never kept.',
      example: '203.0.113.0/24',
    }),
    country: z.string().meta({
      description: 'ISO 3166-1 alpha-2; ZZ: not known, or not looked up (`analytics.geoip`).',
      example: 'DE',
    }),
    format: z.enum(['hls', 'dash']).nullable(),
    startup_ms: z.int().nullable(),
    startup_source: z.enum(['beacon', 'cmcd2', 'msd', 'est']).nullable().meta({
      description:
        'How the start was measured: by the watch page, by CMCD events, by the player alone (msd), or from requests (an upper bound).',
    }),
    watch_ms: z.int().meta({ description: 'How long pictures moved.' }),
    stalls: z.int().nullable().meta({ description: 'Null, as `stall_ms` is then: nothing tells of them.' }),
    stall_ms: z.int().nullable().meta({ description: 'How long the picture stood still.' }),
    qualities: z.array(qualityChangeView),
    latency_ms: z.int().nullable().meta({ description: 'Distance to live, smoothed.' }),
    errors: z.int(),
    bytes: z.int().meta({ description: 'Sent by this node.' }),
    total_frames: z.int().nullable(),
    dropped_frames: z.int().nullable(),
  })
  .meta({ id: 'ViewerSession', description: "One viewer's time with one broadcast." });
export type SessionView = z.output<typeof sessionView>;

export const sessionPage = pageOf(sessionView).meta({ id: 'ViewerSessionPage' });
