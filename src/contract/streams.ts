import * as z from 'zod';
import { findingView } from './finding.ts';
import { ladderView } from './ladder-view.ts';
import { pageOf, pageQuery } from './page.ts';
import { type StreamState, streamStates } from './stream-state.ts';
import { utcTime, utcTimeOrNull } from './time.ts';

export const renditionView = z
  .object({
    name: z.string().meta({ example: '720p' }),
    width: z.int().nullable().meta({ example: 1280 }),
    height: z.int().nullable().meta({ example: 720 }),
    fps: z.number().nullable().meta({ example: 30 }),
    bitrate_bps: z.int().meta({ example: 2_800_000 }),
    codecs: z.string().meta({ example: 'avc1.64001f,mp4a.40.2' }),
  })
  .meta({ id: 'Rendition', description: 'The broadcast at one quality.' });
export type RenditionView = z.output<typeof renditionView>;

const ingestView = z
  .object({
    encoder: z.string(),
    remote_address: z.string(),
    connected_at: utcTime,
    bitrate_bps: z.int(),
    frames: z.int(),
    dropped_frames: z.int(),
  })
  .meta({ id: 'Ingest', description: 'The publisher and what comes from it.' });

const playbackView = z
  .object({ hls: z.string(), hls_ts: z.string(), dash: z.string(), watch: z.string() })
  .meta({ id: 'PlaybackUrls' });

const streamState = z.enum(streamStates as [StreamState, ...StreamState[]]).meta({ id: 'StreamState' });

export const streamView = z
  .object({
    id: z.string().meta({ example: 'st_q7w2k5x3abcde' }),
    channel: z.string().meta({ example: 'morning-show' }),
    key_id: z.string().nullable(),
    state: streamState,
    reason: z.string().nullable().meta({ description: 'Why it ended; null before.' }),
    created_at: utcTime,
    started_at: utcTimeOrNull,
    ended_at: utcTimeOrNull,
    pending_until: utcTimeOrNull.meta({ description: 'Until when it waits for its first publisher.' }),
    interrupted_since: utcTimeOrNull.meta({
      description: 'Since when the publisher is away from a broadcast that goes on.',
    }),
    viewers: z.int(),
    renditions: z.array(renditionView),
    tracks: z.array(z.looseObject({ kind: z.string(), codec: z.string() })),
    ingest_server: z.string().meta({ description: 'Where it is published; the stream key goes into its own field.' }),
    ingest: ingestView.nullable().meta({ description: 'Null while nobody publishes.' }),
    ladder: ladderView.nullable().meta({ description: 'Null where nothing is to be transcoded, or nothing is live.' }),
    findings: z.array(findingView).meta({
      description: 'What was looked at, with what it means for viewers; empty while nobody publishes.',
    }),
    warnings: z
      .array(z.string())
      .meta({ description: 'Of the findings, those that viewers suffer from, as sentences.' }),
    node: z.string(),
    /** Of the broadcast's trace (W3C Trace Context): 32 hexadecimal digits. Null for one of a version without traces. */
    trace_id: z.string().nullable(),
    playback: playbackView,
  })
  .meta({ id: 'Stream', description: 'One broadcast on a channel.' });
export type StreamView = z.output<typeof streamView>;

export const announceStreamRequest = z
  .strictObject({
    /** Checked by who makes the broadcast. */
    channel: z.string().max(64).optional().meta({
      description: 'May be left out with a stream key, which stands for its channel.',
      example: 'morning-show',
    }),
  })
  .meta({ id: 'AnnounceStream' });
export type AnnounceStreamRequest = z.input<typeof announceStreamRequest>;

export const announcedStreamView = z
  .object({
    ...streamView.shape,
    ingest_url: z.string().meta({
      description: 'Where to publish. The key is not in it: only who holds it knows it.',
      example: 'rtmp://live.example.org/live',
    }),
    ingest_hint: z.string().meta({ description: 'What to do with it, for a person.' }),
  })
  .meta({ id: 'AnnouncedStream', description: 'A broadcast that waits for its publisher, and where that has to go.' });
export type AnnouncedStreamView = z.output<typeof announcedStreamView>;

export const streamPage = pageOf(streamView).meta({ id: 'StreamPage' });

export const listStreamsQuery = pageQuery.extend({
  state: streamState.optional().meta({ description: 'Only broadcasts in this state.' }),
  channel: z.string().max(64).optional().meta({ description: 'Only broadcasts of this channel.' }),
});
