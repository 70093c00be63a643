import { writeQualityLog } from '../../cmcd/quality-log.ts';
import type { PlayerState } from '../../cmcd/report.ts';
import { writeReport } from '../../cmcd/write-report.ts';
import { PlayLedger } from './play-ledger.ts';
import type { QualitySwitch } from './quality-history.ts';

/** Who plays what, as both the player's requests and the reports say it. */
export interface PlayIdentity {
  readonly sessionId: string;
  /** The stream's id. */
  readonly contentId: string;
}

export interface ViewerReportOptions extends PlayIdentity {
  readonly video: HTMLVideoElement;
  readonly reportUrl: string;
  /** Name and version. */
  readonly playerName: string;
  /** When somebody wished to watch, by `performance.now()`. */
  readonly startedMs: number;
  /** Distance to live; undefined: not known. */
  readonly latencyMs: () => number | undefined;
}

const intervalMs = 10_000;
/** So many quality changes are told at once: more happen in ten seconds only where something is wrong. */
const maxQualities = 20;

const states = { starting: 'starting', playing: 'playing', stalled: 'rebuffering', resting: 'paused' } as const;

/**
 * Tells the server what the viewer experiences, as CMCD events: when the picture begins, every ten seconds, when it stalls and goes on, when the quality
 * changes, and at the end. Each report has the totals so far, so a lost one takes nothing along.
 */
export class ViewerReport {
  readonly ledger: PlayLedger;
  private readonly options: ViewerReportOptions;
  private readonly listening = new AbortController();
  private readonly timer: ReturnType<typeof setInterval>;
  /** Of the video element when this player got it. */
  private framesBefore: VideoPlaybackQuality;
  /** Those of the players before. */
  private frames = { total: 0, dropped: 0 };
  private qualities: QualitySwitch[] = [];
  /** Of the first of `qualities`. */
  private firstIndex = 0;
  private errors = 0;

  constructor(options: ViewerReportOptions) {
    const { video, startedMs } = options;
    const { signal } = this.listening;
    this.options = options;
    this.ledger = new PlayLedger(startedMs);
    this.framesBefore = video.getVideoPlaybackQuality();
    video.addEventListener('playing', () => this.changed(() => this.ledger.playing(performance.now())), { signal });
    video.addEventListener('waiting', () => this.changed(() => this.waiting()), { signal });
    video.addEventListener('pause', () => this.changed(() => this.ledger.resting(performance.now())), { signal });
    addEventListener('pagehide', () => this.leave(), { signal });
    addEventListener('pageshow', () => this.send('t'), { signal });
    this.timer = setInterval(() => this.send('t'), intervalMs);
    this.send('ps');
  }

  get identity(): PlayIdentity {
    return this.options;
  }

  showed(change: QualitySwitch): void {
    this.qualities.push(change);
    if (this.qualities.length > maxQualities) {
      this.qualities.shift();
      this.firstIndex++;
    }
    // The first one is told with the picture's beginning.
    if (this.ledger.state === 'playing') this.send('bc');
  }

  /** The player has given up; there may be another one soon. Until then the picture stands. */
  lost(): void {
    this.errors++;
    this.ledger.waiting(performance.now());
    this.frames = this.framesSoFar();
    this.framesBefore = this.options.video.getVideoPlaybackQuality();
    this.send('e');
  }

  /** Another player goes on with the same broadcast. */
  resumed(): void {
    this.framesBefore = this.options.video.getVideoPlaybackQuality();
  }

  /** The last word. */
  end(end: 'ended' | 'lost'): void {
    this.ledger.resting(performance.now());
    this.send('ps', end === 'lost' ? 'fatal-error' : 'ended');
    this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.listening.abort();
  }

  private framesSoFar(): { total: number; dropped: number } {
    const { frames, framesBefore } = this;
    const { totalVideoFrames, droppedVideoFrames } = this.options.video.getVideoPlaybackQuality();
    return {
      total: frames.total + Math.max(0, totalVideoFrames - framesBefore.totalVideoFrames),
      dropped: frames.dropped + Math.max(0, droppedVideoFrames - framesBefore.droppedVideoFrames),
    };
  }

  private waiting(): void {
    const { video } = this.options;
    // The player itself seeks to where there is something again: that ends no stall.
    if (video.seeking && this.ledger.state !== 'stalled') this.ledger.resting(performance.now());
    else if (!video.paused) this.ledger.waiting(performance.now());
  }

  private changed(change: () => void): void {
    const { state } = this.ledger;
    change();
    if (this.ledger.state !== state) this.send('ps');
  }

  /** The page goes, perhaps to come back: then it goes on. A request of its own would not survive it. */
  private leave(): void {
    this.ledger.resting(performance.now());
    navigator.sendBeacon(this.options.reportUrl, new Blob([this.report('ps', 'quit')], { type: 'application/cmcd' }));
  }

  private send(event: string, state?: PlayerState): void {
    const body = this.report(event, state);
    const headers = { 'content-type': 'application/cmcd' };
    fetch(this.options.reportUrl, { method: 'POST', body, headers, keepalive: true }).then(
      ({ status }) => {
        if (status === 410) this.stop(); // there is nobody any more who wants to know
      },
      () => {}, // the next one tells all of it again
    );
  }

  private report(event: string, state: PlayerState = states[this.ledger.state]): string {
    const { sessionId, contentId, playerName, latencyMs } = this.options;
    const { startupMs, watchedMs, stalls, stalledMs } = this.ledger.figures(performance.now());
    const { total, dropped } = this.framesSoFar();
    const nowMs = Date.now();
    const latency = latencyMs();
    const qualities = this.qualities.map(({ atMs, rendition, reason }, at) => {
      return { index: this.firstIndex + at, agoMs: Math.max(0, nowMs - atMs), rendition, reason };
    });
    return `${writeReport({
      ...{ sessionId, contentId, event, state, timeMs: nowMs, playerName },
      ...(startupMs === undefined ? {} : { pageStartupMs: Math.round(startupMs) }),
      ...(latency === undefined ? {} : { latencyMs: Math.round(latency) }),
      ...(qualities.length === 0 ? {} : { qualities: writeQualityLog(qualities) }),
      watchedMs: Math.round(watchedMs),
      stallCount: stalls,
      stalledMs: Math.round(stalledMs),
      errorCount: this.errors,
      totalFrames: total,
      droppedFrames: dropped,
    })}\n`;
  }
}

/** Tells one play from all others; made so that pages without TLS can, too. */
export function newSessionId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
