import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { ViewerEventReader, type ViewerEventSink } from '../delivery/viewer-events/event-reader.ts';
import type { Log } from '../observability/log.ts';
import type { SessionRow, SessionStore } from '../store/ports/session-store.ts';
import { type ExperienceFigures, ExperienceTotals } from './experience-totals.ts';
import type { LiveAudience, QualityAudience, RecentAudience, SessionSink } from './ports.ts';
import { SessionArchive } from './session-archive.ts';
import { SessionTable } from './session-table.ts';
import type { StreamAudience } from './stream-audience.ts';
import { ViewerKeys } from './viewer-keys.ts';

export interface ViewerAnalyticsOptions {
  readonly clock: Clock;
  readonly store: Pick<SessionStore, 'save' | 'open' | 'remove' | 'removeEndedBefore'>;
  readonly node: string;
  readonly dataDir: string;
  readonly retentionMs: number;
  readonly log: Log;
  /** Of an address; without it no country is known. */
  readonly countryOf?: ((address: string) => string) | undefined;
  /** Get what has ended, beside the store. */
  readonly sinks?: readonly SessionSink[];
}

const nobodyRecently: RecentAudience = { watching: [], sessions: [], watchMs: 0, stallMs: 0 };
const sweepMs = 1000;
/** Sweeps between two counts of what was experienced: less than sessions are kept after their end. */
const countEvery = 5;

/** Counts. */
export interface AnalyticsStats {
  readonly viewers: number;
  readonly sessions: number;
  readonly sessionsDropped: number;
  readonly reportsDropped: number;
  /** Rows that the store would not take. */
  readonly rowsLost: number;
}

/** All that is known of viewers: takes what delivery threads tell, and answers who watches and how well. */
export class ViewerAnalytics implements LiveAudience {
  private readonly options: ViewerAnalyticsOptions;
  private readonly table: SessionTable;
  private readonly archive: SessionArchive;
  private readonly totals = new ExperienceTotals();
  private sweeps = 0;
  private nextSource = 1;
  private cancel = () => {};

  constructor(options: ViewerAnalyticsOptions) {
    const { clock, dataDir, node, sinks = [] } = options;
    this.options = options;
    const keys = new ViewerKeys(join(dataDir, 'viewer-salt'), clock);
    this.archive = new SessionArchive(options);
    this.table = new SessionTable({
      clock,
      keyOf: (viewer) => keys.of(viewer),
      merged: (sessionId) => this.archive.merged(sessionId),
      ended: (streamId, session) => {
        const row = session.row(streamId, node);
        this.archive.ended(row);
        for (const sink of sinks) sink.ended([row]);
      },
    });
  }

  /** Takes up the sessions that an earlier server left, and begins to look after them. */
  async start(): Promise<void> {
    const nowMs = this.options.clock.wallMs();
    for (const row of await this.archive.takeUp(nowMs)) this.table.restore(row);
    this.sweepLater();
  }

  /** Saves the sessions that go on: the next server takes them up. */
  async stop(): Promise<void> {
    this.cancel();
    this.table.sweep();
    await this.archive.close(this.liveRows());
  }

  /** For one delivery thread. */
  readonly newReader = (): ViewerEventReader => new ViewerEventReader(this.nextSource++, this.options.countryOf);

  readonly take: ViewerEventSink = (event) => this.table.take(event);

  /** Streams that somebody watches, or did a moment ago. */
  streamIds(): string[] {
    return [...this.table.streams].filter(([, { sessions }]) => sessions.size > 0).map(([streamId]) => streamId);
  }

  viewers(streamId: string): number {
    return this.table.streams.get(streamId)?.viewers(this.options.clock.monotonicMs()) ?? 0;
  }

  qualities(streamId: string): readonly QualityAudience[] {
    const counts = new Map<string, number>();
    const nowMs = this.options.clock.monotonicMs();
    for (const session of this.table.streams.get(streamId)?.sessions.values() ?? []) {
      if (!session.isWatching(nowMs)) continue;
      const { rendition = '' } = session;
      counts.set(rendition, (counts.get(rendition) ?? 0) + 1);
    }
    counts.delete(''); // nothing is known of those yet
    return [...counts].map(([name, viewers]) => ({ name, viewers })).sort((a, b) => b.viewers - a.viewers);
  }

  recent(streamId: string): RecentAudience {
    const audience = this.table.streams.get(streamId);
    if (audience === undefined) return nobodyRecently;
    this.countStream(audience);
    const nowMs = this.options.clock.monotonicMs();
    const sessions = [...audience.sessions.values()];
    const { gone, watchMs, stallMs } = audience.recent;
    const watching = sessions.filter((session) => session.isWatching(nowMs));
    return { watching, sessions: [...sessions, ...gone], watchMs, stallMs };
  }

  sessions(streamId: string): readonly SessionRow[] {
    return this.live(streamId)
      .map((session) => session.row(streamId, this.options.node))
      .sort((a, b) => a.startedAtMs - b.startedAtMs || (a.id < b.id ? -1 : 1));
  }

  stats(): AnalyticsStats {
    const { streams, sessionsDropped, reportsDropped } = this.table;
    const nowMs = this.options.clock.monotonicMs();
    let viewers = 0;
    let sessions = 0;
    for (const audience of streams.values()) {
      viewers += audience.viewers(nowMs);
      sessions += audience.sessions.size;
    }
    return { viewers, sessions, sessionsDropped, reportsDropped, rowsLost: this.archive.rowsLost };
  }

  /** What viewers have experienced since the start. */
  experienceTotals(): ExperienceFigures {
    return this.totals.figures();
  }

  private countExperience(): void {
    for (const audience of this.table.streams.values()) this.countStream(audience);
  }

  private countStream({ sessions, recent }: StreamAudience): void {
    for (const session of sessions.values()) this.totals.count(session, recent);
  }

  private live(streamId: string) {
    return [...(this.table.streams.get(streamId)?.sessions.values() ?? [])].filter(({ isLive }) => isLive);
  }

  private liveRows(): SessionRow[] {
    return [...this.table.streams.keys()].flatMap((streamId) => this.sessions(streamId));
  }

  private sweepLater(): void {
    this.cancel = this.options.clock.after(sweepMs, () => {
      this.table.sweep();
      if (++this.sweeps % countEvery === 0) this.countExperience();
      this.archive.tick(this.table.streams);
      this.sweepLater();
    });
  }
}
