import type { Clock } from '../base/clock.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { NewEvent } from '../store/ports/event-store.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { StreamPatch, StreamStore, TrackSummary } from '../store/ports/stream-store.ts';
import type { Continuity } from '../stream/continuity.ts';
import { continuityToJson } from '../stream/continuity-json.ts';
import type { StreamJournal } from './stream-journal.ts';

/** A track as its publisher sends it. */
export type SourceTrack = VideoConfig | SourceAudioConfig;

/** Writes down what happens to streams. */
export type StreamRecorder = Pick<
  StreamRecords,
  | 'created'
  | 'started'
  | 'interrupted'
  | 'resumed'
  | 'replaced'
  | 'warned'
  | 'ladderChanged'
  | 'ended'
  | 'saveContinuity'
>;

/** Keeps the store's rows and events of streams in step with what happens to them: each fact one row change and one event. */
export class StreamRecords {
  private readonly store: StreamStore;
  private readonly journal: StreamJournal;
  private readonly clock: Clock;
  private readonly node: string;

  constructor(store: StreamStore, journal: StreamJournal, clock: Clock, node: string) {
    this.store = store;
    this.journal = journal;
    this.clock = clock;
    this.node = node;
  }

  created(id: string, channel: string, keyId: string | undefined): void {
    const row = {
      id,
      channel,
      keyId: keyId ?? null,
      state: 'PENDING_INGEST' as const,
      reason: null,
      createdAtMs: this.clock.wallMs(),
      startedAtMs: null,
      endedAtMs: null,
      interruptedSinceMs: null,
      tracks: [],
      ladder: [],
      node: this.node,
      traceId: null,
      continuity: null,
    };
    const event = this.event(id, 'stream.created', { channel, key_id: keyId ?? null });
    this.journal.write(() => this.store.create(row, event));
  }

  started(id: string, tracks: readonly SourceTrack[], payload: Record<string, JsonValue>): void {
    const patch = { state: 'ACTIVE' as const, startedAtMs: this.clock.wallMs(), tracks: tracks.map(summarize) };
    this.transition(id, patch, 'stream.started', payload);
  }

  interrupted(id: string, sinceMs: number, why: string): void {
    this.transition(id, { interruptedSinceMs: sinceMs }, 'stream.interrupted', { why });
  }

  resumed(id: string, tracks: readonly SourceTrack[], payload: Record<string, JsonValue>): void {
    this.transition(id, { interruptedSinceMs: null, tracks: tracks.map(summarize) }, 'stream.resumed', payload);
  }

  replaced(id: string, payload: Record<string, JsonValue>): void {
    this.transition(id, {}, 'stream.publisher_replaced', payload);
  }

  warned(id: string, payload: Record<string, JsonValue>): void {
    this.transition(id, {}, 'stream.warning', payload);
  }

  /** `rungs`: of those that are made now, where that has changed. */
  ladderChanged(id: string, type: string, payload: Record<string, JsonValue>, rungs?: readonly string[]): void {
    this.transition(id, rungs === undefined ? {} : { ladder: rungs }, type, payload);
  }

  ended(id: string, state: StreamState, reason: StreamEndReason): void {
    const patch = { state, reason, endedAtMs: this.clock.wallMs(), interruptedSinceMs: null, continuity: null };
    this.transition(id, patch, 'stream.ended', { state, reason });
  }

  saveContinuity(entries: readonly { readonly streamId: string; readonly continuity: Continuity }[]): void {
    if (entries.length === 0) return;
    const rows = entries.map(({ streamId, continuity }) => ({
      streamId,
      continuity: continuityToJson(continuity) as unknown as JsonValue,
    }));
    this.journal.write(() => this.store.saveContinuity(rows));
  }

  private transition(id: string, patch: StreamPatch, type: string, payload: Record<string, JsonValue>): void {
    const event = this.event(id, type, payload);
    this.journal.write(() => this.store.transition(id, patch, event));
  }

  private event(streamId: string, type: string, payload: Record<string, JsonValue>): NewEvent {
    return { timeMs: this.clock.wallMs(), type, streamId, traceId: null, payload };
  }
}

function summarize(config: SourceTrack): TrackSummary {
  if (config.kind === 'audio') {
    const { codecString: codec, sampleRateHz, channelCount } = config;
    return { kind: 'audio', codec, sampleRateHz, channelCount };
  }
  const { codecString: codec, widthPixels, heightPixels, nominalFps: fps } = config;
  return { kind: 'video', codec, widthPixels, heightPixels, fps };
}
