import type { Actor } from '../access/actor.ts';
import type { AnnounceOrder, LiveControl, LiveStatus, LiveStreamView } from '../api/live-control.ts';
import type { StreamTraces } from '../tracing/stream-traces.ts';
import type { BroadcastOrders, LiveFacts } from './live-facts.ts';
import type { StreamActors } from './stream-actors.ts';
import type { StreamJournal } from './stream-journal.ts';

/** What delivery has measured, as far as the API shows it. */
export interface DeliveryFigures {
  viewers(streamId: string): number;
  requestsTotal(): number;
}

export interface PipelineControlOptions {
  /** What was last heard of the running broadcasts. */
  readonly facts: () => readonly LiveFacts[];
  readonly orders: BroadcastOrders;
  readonly journal: StreamJournal;
  readonly figures: DeliveryFigures;
  readonly traces: StreamTraces;
  readonly actors: StreamActors;
  /** What the operator should know at any time. */
  readonly warnings: () => readonly string[];
}

/** The running broadcasts as the API sees and stops them. */
export class PipelineControl implements LiveControl {
  private readonly options: PipelineControlOptions;

  constructor(options: PipelineControlOptions) {
    this.options = options;
  }

  list(): readonly LiveStreamView[] {
    return this.options.facts().map((facts) => this.view(facts));
  }

  get(idOrChannel: string): LiveStreamView | undefined {
    const facts = this.find(idOrChannel);
    return facts && this.view(facts);
  }

  async announce({ id, channel, actor, keyId, caller }: AnnounceOrder): Promise<void> {
    const { orders, journal, traces, actors } = this.options;
    if (caller !== undefined) traces.continueWith(channel, { traceId: caller.traceId, parentSpanId: caller.spanId });
    await actors.during(channel, actor, () => orders.announce({ id, channel, keyId }));
    await journal.settled();
  }

  async stop(idOrChannel: string, actor: Actor): Promise<boolean> {
    const { orders, journal, actors } = this.options;
    const streamId = this.find(idOrChannel)?.streamId ?? idOrChannel;
    const isStopped = await actors.during(streamId, actor, () => orders.stopStream(streamId));
    if (isStopped) await journal.settled();
    return isStopped;
  }

  status(): LiveStatus {
    const { facts, figures, journal, warnings } = this.options;
    const live = facts();
    const { lostWrites, waitingWrites } = journal;
    const storeWarnings = [
      ...(lostWrites > 0 ? [`${lostWrites} writes to the store were lost; the log says why`] : []),
      ...(waitingWrites > 100 ? [`${waitingWrites} writes wait for the store`] : []),
    ];
    return {
      publishers: live.filter(({ ingest }) => ingest !== undefined).length,
      viewers: live.reduce((sum, { streamId }) => sum + figures.viewers(streamId), 0),
      requestsTotal: figures.requestsTotal(),
      warnings: [...warnings(), ...storeWarnings],
    };
  }

  private find(idOrChannel: string): LiveFacts | undefined {
    return this.options.facts().find((one) => one.streamId === idOrChannel || one.channel === idOrChannel);
  }

  private view(facts: LiveFacts): LiveStreamView {
    return { ...facts, viewers: this.options.figures.viewers(facts.streamId) };
  }
}
