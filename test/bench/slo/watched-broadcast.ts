import { randomUUID } from 'node:crypto';
import { writeReport } from '../../../src/cmcd/write-report.ts';
import { until } from '../../support/until.ts';
import { RenditionTrace } from '../rendition-trace.ts';
import { Freshness } from './freshness.ts';
import type { SloPublisher } from './slo-publisher.ts';

/** Until media comes again with a publisher that is back. */
const patienceMs = 60_000;

/** A broadcast, who publishes it, and all that looks at it from outside. */
export class WatchedBroadcast {
  readonly publisher: SloPublisher;
  readonly source: RenditionTrace;
  /** By name. */
  readonly rungs: ReadonlyMap<string, RenditionTrace>;
  readonly freshness: Freshness;
  /** Followers that would have had to begin anew, and why. */
  readonly failures: string[] = [];

  private readonly httpUrl: string;
  private readonly sessionId = randomUUID();

  constructor(httpUrl: string, publisher: SloPublisher, rungs: readonly string[]) {
    this.httpUrl = httpUrl;
    const headers = { 'cmcd-session': `sid="${this.sessionId}"` };
    const playlistOf = (rendition: string) => `${httpUrl}/hls/${publisher.channel}/${rendition}/index.m3u8`;
    this.publisher = publisher;
    this.source = new RenditionTrace(playlistOf('source'), headers);
    this.rungs = new Map(rungs.map((rung) => [rung, new RenditionTrace(playlistOf(rung), headers)]));
    this.freshness = new Freshness(playlistOf('source'), () => publisher.connectedSinceMs);
  }

  get channel(): string {
    return this.publisher.channel;
  }

  get renditions(): RenditionTrace[] {
    return [this.source, ...this.rungs.values()];
  }

  /** Gaps and discontinuities of all renditions. */
  get breaks(): number {
    return this.renditions.reduce((sum, { gaps, discontinuities }) => sum + gaps + discontinuities, 0);
  }

  /** Resolves when `signal` was aborted and all has ended. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.sayNobodyWatches();
    await Promise.all(
      this.renditions.map((trace) => trace.follow(signal).catch((error: Error) => this.failures.push(error.message))),
    );
  }

  /** Waits until the publisher is back and media with it; gives how long the latter took, ms. */
  async untilResumed(): Promise<number> {
    await this.publisher.untilConnected(true);
    const parts = this.source.parts.size;
    const backAtMs = performance.now();
    await until('new media', () => this.source.parts.size > parts, patienceMs);
    return Math.round(performance.now() - backAtMs);
  }

  /** What is downloaded here would be taken for what a viewer watches. */
  private async sayNobodyWatches(): Promise<void> {
    const totals = { watchedMs: 0, stallCount: 0, stalledMs: 0 };
    const { sessionId, channel: contentId } = this;
    const report = writeReport({ sessionId, contentId, event: 't', state: 'paused', timeMs: Date.now(), ...totals });
    const headers = { 'content-type': 'application/cmcd' };
    await fetch(`${this.httpUrl}/cmcd`, { method: 'POST', body: `${report}\n`, headers });
  }
}
