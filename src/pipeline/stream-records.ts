import type { Clock } from '../base/clock.ts';
import type { EventType } from '../contract/event-types.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { NewEvent } from '../store/ports/event-store.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { StreamPatch, StreamStore, TrackSummary } from '../store/ports/stream-store.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { StreamMilestone } from '../tracing/broadcast-trace.ts';
import type { SpanAttributes } from '../tracing/span.ts';
import type { StreamTraces } from '../tracing/stream-traces.ts';
import { ContinuityRecords } from './continuity-records.ts';
import { StreamActors } from './stream-actors.ts';
import type { StreamJournal } from './stream-journal.ts';

/** A track as its publisher sends it. */
export type SourceTrack = VideoConfig | SourceAudioConfig;

export interface NewStream {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | undefined;
  /** Wall clock. */
  readonly createdAtMs: number;
}

/** Who publishes a stream from now on. */
export interface PublisherRecord {
  /** Of the key it came with, if any. */
  readonly keyId: string | undefined;
  readonly remoteAddress: string;
  readonly encoder: string;
}

/** What a publisher did wrong, in the words it was told. */
export interface PublisherFault {
  readonly code: string;
  readonly text: string;
}

/** Writes down what happens to streams. */
export type StreamRecorder = Pick<
  StreamRecords,
  | 'created'
  | 'started'
  | 'interrupted'
  | 'resumed'
  | 'replaced'
  | 'refused'
  | 'warned'
  | 'ladderChanged'
  | 'reached'
  | 'ended'
  | 'saveContinuity'
>;

/** Keeps the store's rows and events of streams in step with what happens to them: each fact one row change, one event and one span. */
export class StreamRecords {
  private readonly store: StreamStore;
  private readonly journal: StreamJournal;
  private readonly clock: Clock;
  private readonly node: string;
  private readonly traces: StreamTraces;
  private readonly actors: StreamActors;
  private readonly continuity: ContinuityRecords;

  constructor(
    store: StreamStore,
    journal: StreamJournal,
    clock: Clock,
    node: string,
    traces: StreamTraces,
    actors = new StreamActors(),
  ) {
    this.actors = actors;
    this.store = store;
    this.journal = journal;
    this.continuity = new ContinuityRecords(store, journal);
    this.clock = clock;
    this.node = node;
    this.traces = traces;
  }

  created({ id, channel, keyId, createdAtMs }: NewStream): void {
    const { traceId, parentSpanId } = this.traces.begin(id, channel);
    const row = {
      id,
      channel,
      keyId: keyId ?? null,
      state: 'PENDING_INGEST' as const,
      reason: null,
      createdAtMs,
      startedAtMs: null,
      endedAtMs: null,
      interruptedSinceMs: null,
      tracks: [],
      ladder: [],
      node: this.node,
      traceId,
      continuity: null,
    };
    const payload = {
      channel,
      key_id: keyId ?? null,
      ...(parentSpanId !== undefined && { parent_span_id: parentSpanId }),
      ...this.actors.of(channel),
    };
    const event = this.event(id, 'stream.created', payload);
    this.journal.write(() => this.store.create(row, event));
  }

  started(id: string, publisher: PublisherRecord, tracks: readonly SourceTrack[]): void {
    this.traces.spansOf(id)?.started();
    const patch = { state: 'ACTIVE' as const, startedAtMs: this.clock.wallMs(), tracks: tracks.map(summarize) };
    this.transition(id, { ...patch, ...keyOf(publisher) }, 'stream.started', publisherPayload(publisher));
  }

  /** By this node, even if another process of another name left it. */
  interrupted(id: string, sinceMs: number, why: string): void {
    this.traces.spansOf(id)?.interrupted(why);
    this.transition(id, { interruptedSinceMs: sinceMs, node: this.node }, 'stream.interrupted', { why });
  }

  resumed(id: string, publisher: PublisherRecord, tracks: readonly SourceTrack[]): void {
    this.traces.spansOf(id)?.resumed();
    const patch = { interruptedSinceMs: null, tracks: tracks.map(summarize), ...keyOf(publisher) };
    this.transition(id, patch, 'stream.resumed', publisherPayload(publisher));
  }

  replaced(id: string, publisher: PublisherRecord): void {
    this.traces.spansOf(id)?.replaced();
    this.transition(id, keyOf(publisher), 'stream.publisher_replaced', publisherPayload(publisher));
  }

  /** A publisher was sent away, and the stream goes on waiting for one. */
  refused(id: string, fault: PublisherFault): void {
    this.transition(id, {}, 'stream.publisher_refused', { ...fault });
  }

  warned(id: string, payload: Record<string, JsonValue>): void {
    this.transition(id, {}, 'stream.warning', payload);
  }

  /** `rungs`: of those that are made now, where that has changed. */
  ladderChanged(id: string, type: EventType, payload: Record<string, JsonValue>, rungs?: readonly string[]): void {
    const spans = this.traces.spansOf(id);
    if (rungs !== undefined) spans?.ladderPlanned(rungs);
    else spans?.ladderEvent(type, attributesOf(payload));
    this.transition(id, rungs === undefined ? {} : { ladder: rungs }, type, payload);
  }

  /** A moment that is no change of the stream, and no event: its trace has it. */
  reached(id: string, milestone: StreamMilestone): void {
    this.traces.spansOf(id)?.reached(milestone);
  }

  /** `fault`: what the publisher did wrong, where that is the reason. */
  ended(id: string, state: StreamState, reason: StreamEndReason, fault?: PublisherFault): void {
    this.continuity.forget(id);
    const patch = { state, reason, endedAtMs: this.clock.wallMs(), interruptedSinceMs: null, continuity: null };
    this.transition(id, patch, 'stream.ended', { state, reason, ...fault, ...this.actors.of(id) });
    this.traces.end(id, state, reason);
  }

  saveContinuity(entries: readonly { readonly streamId: string; readonly continuity: Continuity }[]): void {
    this.continuity.save(entries);
  }

  private transition(id: string, patch: StreamPatch, type: EventType, payload: Record<string, JsonValue>): void {
    const event = this.event(id, type, payload);
    this.journal.write(() => this.store.transition(id, patch, event));
  }

  private event(streamId: string, type: EventType, payload: Record<string, JsonValue>): NewEvent {
    return { timeMs: this.clock.wallMs(), type, streamId, traceId: this.traces.traceIdOf(streamId) ?? null, payload };
  }
}

function keyOf({ keyId }: PublisherRecord): Pick<StreamPatch, 'keyId'> {
  return { keyId: keyId ?? null };
}

function publisherPayload({ remoteAddress, encoder }: PublisherRecord): Record<string, JsonValue> {
  return { remote_address: remoteAddress, encoder };
}

/** Plain values of bounded length, for a span. */
function attributesOf(payload: Record<string, JsonValue>): SpanAttributes {
  const entries = Object.entries(payload).flatMap(([name, value]): [string, string | number | boolean][] => {
    if (typeof value === 'string') return [[`streamctl.${name}`, value.slice(0, 200)]];
    return typeof value === 'number' || typeof value === 'boolean' ? [[`streamctl.${name}`, value]] : [];
  });
  return Object.fromEntries(entries);
}

function summarize(config: SourceTrack): TrackSummary {
  if (config.kind === 'audio') {
    const { codecString: codec, sampleRateHz, channelCount } = config;
    return { kind: 'audio', codec, sampleRateHz, channelCount };
  }
  const { codecString: codec, widthPixels, heightPixels, nominalFps: fps } = config;
  return { kind: 'video', codec, widthPixels, heightPixels, fps };
}
