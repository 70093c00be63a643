import type { Clock } from '../base/clock.ts';
import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { LiveStream } from '../stream/live-stream.ts';
import type { PublisherRun } from '../stream/publisher-run.ts';
import type { StreamChange } from '../stream/stream-change.ts';

/** What service levels are computed from, of all broadcasts since the start. */
export interface ServiceLevelFigures {
  /** Time in which broadcasts had their publisher. */
  readonly connectedSeconds: number;
  /** That part of it in which what viewers could fetch was fresh. */
  readonly freshSeconds: number;
  readonly interruptions: number;
  readonly reconnects: number;
  readonly takeovers: number;
  readonly graceExpired: number;
  /** From the arrival of the first frame of a segment, or part, to the playlists that list it. */
  readonly glassToPlaylist: Readonly<Record<PlaylistFormat, TimeHistogramFigures>>;
  /** From the arrival of a part's last frame to the playlists that list it. */
  readonly partLatency: TimeHistogramFigures;
  /** From the first rendition that has a segment to each other one. */
  readonly rungSkew: TimeHistogramFigures;
}

/** `hls`: whole segments; `ll`: parts; `dash`: a segment counts from its first chunk. */
export type PlaylistFormat = 'hls' | 'll' | 'dash';

/** Media is fresh while its newest picture, or sound where that is all there is, is no older than this many target durations. */
const freshTargetDurations = 3;
const latencyBounds = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, 15, 30];
const partBounds = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10];
const skewBounds = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];
/** Segments that slower renditions may still bring. */
const awaitedSegments = 8;

interface ListedRendition {
  readonly timescale: number;
  /** How far its decode times are behind stream time, ms. */
  readonly delayMs: number;
  readonly isVideo: boolean;
  segmentStartMs: number;
}

interface Level {
  readonly stream: LiveStream;
  targetDurationMs: number;
  /** Stream time at which the newest listed media ends that is measured. */
  newestEndMs: number;
  /** Who published when time was counted last, and whether the stream was ACTIVE then. */
  run: PublisherRun | undefined;
  isActive: boolean;
  /** Until when time is counted, stream time. */
  countedMs: number;
  /** Stream time at which the publisher there is was first seen. */
  connectedAtMs: number;
  readonly renditions: Map<string, ListedRendition>;
  /** When the first rendition had each of the newest segments, monotonic ms. */
  readonly firstListedMs: Map<number, number>;
}

/** Measures what is promised of broadcasts where they are made: that there is fresh media, and how soon. */
export class ServiceLevels {
  private readonly clock: Clock;
  private readonly levels = new Map<string, Level>();
  private readonly totals = { connectedMs: 0, freshMs: 0, interruptions: 0, reconnects: 0, takeovers: 0, expired: 0 };
  private readonly glassToPlaylist = {
    hls: new TimeHistogram(latencyBounds),
    ll: new TimeHistogram(latencyBounds),
    dash: new TimeHistogram(latencyBounds),
  };
  private readonly partLatency = new TimeHistogram(partBounds);
  private readonly rungSkew = new TimeHistogram(skewBounds);

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(stream: LiveStream): void {
    const level: Level = {
      ...{ stream, targetDurationMs: 0, newestEndMs: 0, run: undefined, isActive: false },
      ...{ connectedAtMs: 0, countedMs: stream.nowMs(), renditions: new Map(), firstListedMs: new Map() },
    };
    this.levels.set(stream.id, level);
  }

  changed({ id }: LiveStream, change: StreamChange): void {
    const { totals } = this;
    const level = this.levels.get(id);
    if (level !== undefined) this.countTime(level);
    if (change.type === 'interrupted') totals.interruptions++;
    else if (change.type === 'resumed') totals.reconnects++;
    else if (change.type === 'replaced') totals.takeovers++;
    if (change.type !== 'ended') return;
    if (change.reason === 'publisher_lost') totals.expired++;
    this.levels.delete(id);
  }

  /** To be called about once a second. */
  look(): void {
    for (const level of this.levels.values()) this.countTime(level);
  }

  /** Time belongs to what was there when it began: who comes or goes is noticed by `changed`, and within a second by `look`. */
  private countTime(level: Level): void {
    const { stream, run, isActive } = level;
    const nowMs = stream.nowMs();
    if (run !== undefined && isActive) this.countConnected(level, nowMs);
    level.countedMs = nowMs;
    level.isActive = stream.state === 'ACTIVE';
    if (stream.publisher === run) return;
    level.run = stream.publisher;
    level.connectedAtMs = nowMs;
  }

  /** What was fresh stays so until its time is over: counted to the millisecond, whenever it is looked at. */
  private countConnected({ targetDurationMs, newestEndMs, connectedAtMs, countedMs }: Level, nowMs: number): void {
    const passedMs = Math.max(0, nowMs - countedMs);
    this.totals.connectedMs += passedMs;
    // Before the first segment nobody knows its target duration, and nobody waits for a second one.
    const limitMs = targetDurationMs === 0 ? Number.POSITIVE_INFINITY : freshTargetDurations * targetDurationMs;
    const overdueMs = nowMs - Math.max(newestEndMs, connectedAtMs) - limitMs;
    this.totals.freshMs += passedMs - Math.min(passedMs, Math.max(0, overdueMs));
  }

  /** This is in the playlists now. */
  listed(message: FeedMessage): void {
    const level = this.levels.get(message.type === 'stream' ? message.stream.streamId : message.streamId);
    if (level === undefined) return;
    switch (message.type) {
      case 'stream':
        level.targetDurationMs = message.stream.targetDurationSeconds * 1000;
        return;
      case 'rendition': {
        const { name, config, timescale, decodeDelayTicks } = message.rendition;
        const delayMs = (decodeDelayTicks * 1000) / timescale;
        level.renditions.set(name, { timescale, delayMs, isVideo: config.kind === 'video', segmentStartMs: 0 });
        return;
      }
      case 'segment': {
        const rendition = level.renditions.get(message.rendition);
        if (rendition !== undefined) rendition.segmentStartMs = msOf(message.segment.startTicks, rendition);
        return;
      }
      case 'part': {
        const rendition = level.renditions.get(message.rendition);
        if (rendition !== undefined) this.partListed(level, rendition, message.part);
        return;
      }
      case 'segment-end': {
        const rendition = level.renditions.get(message.rendition);
        const isWhole = message.brokenUntilTicks === undefined;
        if (rendition !== undefined && isWhole) this.segmentListed(level, rendition, message.msn);
        return;
      }
    }
  }

  figures(): ServiceLevelFigures {
    const { connectedMs, freshMs, interruptions, reconnects, takeovers, expired: graceExpired } = this.totals;
    const { hls, ll, dash } = this.glassToPlaylist;
    return {
      ...{ connectedSeconds: connectedMs / 1000, freshSeconds: freshMs / 1000 },
      ...{ interruptions, reconnects, takeovers, graceExpired },
      glassToPlaylist: { hls: hls.figures(), ll: ll.figures(), dash: dash.figures() },
      partLatency: this.partLatency.figures(),
      rungSkew: this.rungSkew.figures(),
    };
  }

  private partListed(
    level: Level,
    rendition: ListedRendition,
    part: { readonly index: number; readonly startTicks: number; readonly durationTicks: number },
  ): void {
    const startMs = msOf(part.startTicks, rendition);
    const endMs = startMs + (part.durationTicks * 1000) / rendition.timescale;
    if (!this.isMeasured(level, rendition)) return;
    this.countTime(level);
    level.newestEndMs = Math.max(level.newestEndMs, endMs);
    this.since(level, startMs, this.glassToPlaylist.ll);
    if (part.index === 0) this.since(level, startMs, this.glassToPlaylist.dash);
    this.since(level, endMs - 2, this.partLatency);
  }

  private segmentListed(level: Level, rendition: ListedRendition, msn: number): void {
    if (!this.isMeasured(level, rendition)) return;
    this.since(level, rendition.segmentStartMs, this.glassToPlaylist.hls);
    const { firstListedMs } = level;
    const nowMs = this.clock.monotonicMs();
    const [oldest] = firstListedMs;
    // What comes after more than those is at least as late as the oldest of them would be.
    const firstMs = firstListedMs.get(msn) ?? (oldest !== undefined && msn < oldest[0] ? oldest[1] : undefined);
    if (firstMs !== undefined) this.rungSkew.add((nowMs - firstMs) / 1000);
    else firstListedMs.set(msn, nowMs);
    if (firstListedMs.size > awaitedSegments) firstListedMs.delete(firstListedMs.keys().next().value!);
  }

  /** Of a broadcast with a picture, that: sound that goes on behind a picture that stands still is not what was promised. */
  private isMeasured({ stream }: Level, { isVideo }: ListedRendition): boolean {
    return isVideo || stream.publisher?.hasVideo === false;
  }

  private since({ stream }: Level, dtsMs: number, histogram: TimeHistogram): void {
    const arrivedMs = stream.arrivals.of(dtsMs + roundingMs);
    if (arrivedMs !== undefined) histogram.add((this.clock.monotonicMs() - arrivedMs) / 1000);
  }
}

/** Ticks are rounded on their way. */
const roundingMs = 1;

function msOf(ticks: number, { timescale, delayMs }: ListedRendition): number {
  return (ticks * 1000) / timescale - delayMs;
}
