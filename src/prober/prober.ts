import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';
import type { Log } from '../observability/log.ts';
import { OwnPort, type OwnPortOptions } from './own-port.ts';
import { type ProbeFailure, type ProbeResult, probeFailures, probeStream } from './probe-stream.ts';

/** A broadcast that can be played. */
export interface ProbedStream {
  readonly streamId: string;
  readonly channel: string;
  /** Tells apart the times that it had a publisher. */
  readonly connectedAtMs: number;
}

export interface ProberOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** Broadcasts on air that have their publisher now. */
  readonly streams: () => readonly ProbedStream[];
  /** A token for a channel; undefined where everybody may watch. */
  readonly token: (channel: string) => Promise<string | undefined>;
}

export interface ProberFigures {
  readonly total: number;
  readonly successes: number;
  readonly failures: Readonly<Record<ProbeFailure, number>>;
  readonly seconds: TimeHistogramFigures;
}

const everyMs = 10_000;
/** A publisher that has just come is not yet to be seen: three target durations of the longest usual kind. */
const settleMs = 10_000;
const answerTimeoutMs = 3000;
const logEveryMs = 60_000;
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Plays every broadcast over the node's own HTTP port as a viewer would, one after another, every ten seconds or as soon as the last
 * round is over. It is no viewer: who has its User-Agent, which nobody can guess, is not counted.
 */
export class Prober {
  /** What its requests say they are from; new with each start. */
  readonly userAgent = `streamctl-prober/${randomBytes(16).toString('hex')}`;
  private readonly options: ProberOptions;
  private readonly stopping = new AbortController();
  private readonly seconds = new TimeHistogram(bounds);
  private readonly failures = Object.fromEntries(probeFailures.map((why) => [why, 0])) as Record<ProbeFailure, number>;
  private readonly seenSinceMs = new Map<string, { readonly connectedAtMs: number; readonly sinceMs: number }>();
  private total = 0;
  private successes = 0;
  private failedSinceLog = 0;
  private loggedMs = Number.NEGATIVE_INFINITY;
  private running = Promise.resolve();
  private cancel = () => {};

  constructor(options: ProberOptions) {
    this.options = options;
  }

  /** Begins; the returned function ends it. */
  start(port: Omit<OwnPortOptions, 'userAgent' | 'timeoutMs'>): () => Promise<void> {
    const own = new OwnPort({ ...port, userAgent: this.userAgent, timeoutMs: answerTimeoutMs });
    this.roundLater(own);
    return async () => {
      this.stopping.abort();
      this.cancel();
      await this.running;
      own.close();
    };
  }

  figures(): ProberFigures {
    const { total, successes, failures, seconds } = this;
    return { total, successes, failures: { ...failures }, seconds: seconds.figures() };
  }

  private roundLater(port: OwnPort): void {
    const { clock } = this.options;
    const sinceMs = clock.monotonicMs();
    const report = (err: unknown) => this.options.log.warn({ err }, 'a round of probes was broken off');
    this.note();
    this.running = this.round(port)
      .catch(report)
      .finally(() => {
        if (this.stopping.signal.aborted) return;
        this.cancel = clock.after(Math.max(0, everyMs - (clock.monotonicMs() - sinceMs)), () => this.roundLater(port));
      });
  }

  private async round(port: OwnPort): Promise<void> {
    for (const stream of this.options.streams()) {
      if (this.stopping.signal.aborted) return;
      if (this.isSettled(stream)) await this.probe(stream, port);
    }
  }

  private async probe(stream: ProbedStream, port: OwnPort): Promise<void> {
    const { clock } = this.options;
    const { signal } = this.stopping;
    const sinceMs = clock.monotonicMs();
    const result = await this.play(stream, port);
    // What fails because its publisher has just gone is no failure of ours.
    if (signal.aborted || (!result.isGood && !this.isStillThere(stream))) return;
    this.total++;
    this.seconds.add((clock.monotonicMs() - sinceMs) / 1000);
    if (result.isGood) this.successes++;
    else this.failed(stream, result);
  }

  private async play({ channel }: ProbedStream, port: OwnPort): Promise<ProbeResult> {
    const { clock, token } = this.options;
    const signed = await token(channel);
    const prefix = signed === undefined ? '' : `/t/${signed}`;
    const { wallMs, monotonicMs } = clock;
    const get = (path: string) => port.get(path, this.stopping.signal);
    const result = await probeStream(`${prefix}/hls/${channel}/index.m3u8`, { get, wallMs, monotonicMs });
    if (result.isGood || signed === undefined) return result;
    return { ...result, detail: result.detail.replaceAll(signed, '…') };
  }

  private failed({ streamId, channel }: ProbedStream, { why, detail }: Extract<ProbeResult, { isGood: false }>): void {
    const { clock, log } = this.options;
    this.failures[why]++;
    this.failedSinceLog++;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.loggedMs < logEveryMs) return;
    log.warn(
      { stream: streamId, channel, why, detail, count: this.failedSinceLog },
      'a probe could not play a broadcast',
    );
    this.loggedMs = nowMs;
    this.failedSinceLog = 0;
  }

  /** Since when each publisher is there, by the clock that is never set. */
  private note(): void {
    const streams = this.options.streams();
    const nowMs = this.options.clock.monotonicMs();
    for (const { streamId, connectedAtMs } of streams) {
      if (this.seenSinceMs.get(streamId)?.connectedAtMs === connectedAtMs) continue;
      this.seenSinceMs.set(streamId, { connectedAtMs, sinceMs: nowMs });
    }
    const there = new Set(streams.map(({ streamId }) => streamId));
    for (const streamId of this.seenSinceMs.keys()) if (!there.has(streamId)) this.seenSinceMs.delete(streamId);
  }

  private isSettled({ streamId, connectedAtMs }: ProbedStream): boolean {
    const seen = this.seenSinceMs.get(streamId);
    if (seen?.connectedAtMs !== connectedAtMs) return false;
    return this.options.clock.monotonicMs() - seen.sinceMs >= settleMs;
  }

  private isStillThere({ streamId, connectedAtMs }: ProbedStream): boolean {
    return this.options
      .streams()
      .some((stream) => stream.streamId === streamId && stream.connectedAtMs === connectedAtMs);
  }
}
