import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { writeReport } from '../../../src/cmcd/write-report.ts';
import { listPlaylist } from '../../../src/load/media-playlist.ts';
import { PlaybackBuffer } from '../../../src/load/playback-buffer.ts';

const pollMs = 250;
const reportMs = 1000;
/** Players start three segments before the end (RFC 8216bis §6.3.3). */
const startSegments = 3;
/** A segment that was listed is to be had within this time. */
const inTimeMs = 1000;

export interface VisitorOptions {
  readonly httpUrl: string;
  readonly channel: string;
  readonly rendition: string;
}

/** A viewer who plays whole segments in simulated real time, tells the server what it experiences as the watch page does, and keeps account of it. */
export class Visitor {
  readonly channel: string;
  /** From its beginning until it plays; undefined before. */
  startupMs: number | undefined;
  watchedMs = 0;
  segments = 0;
  /** Of those, the ones that took longer than a second. */
  lateSegments = 0;
  /** Requests that were refused, or not answered. */
  errors = 0;
  private readonly options: VisitorOptions;
  private readonly buffer = new PlaybackBuffer();
  private readonly sessionId = randomUUID();
  private readonly leaving = new AbortController();
  private readonly beganMs = performance.now();
  private readonly playing: Promise<void>;
  private playsSinceMs = 0;
  private nextMsn = 0;
  private reportedMs = 0;

  constructor(options: VisitorOptions) {
    this.options = options;
    this.channel = options.channel;
    this.playing = this.play();
  }

  get stalledMs(): number {
    return this.buffer.stalledMs;
  }

  /** Says goodbye. Resolves when its account is complete, and told. */
  async leave(): Promise<void> {
    if (this.leaving.signal.aborted) return;
    this.leaving.abort();
    await this.playing;
    const nowMs = performance.now();
    this.buffer.finish(nowMs);
    this.countWatched(nowMs);
    await this.report('ps', 'quit');
  }

  private async play(): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      try {
        await this.fetchNew();
        await this.reportAtTimes();
      } catch {
        this.errors++;
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async fetchNew(): Promise<void> {
    const { httpUrl, channel, rendition } = this.options;
    const playlistUrl = `${httpUrl}/hls/${channel}/${rendition}/index.m3u8`;
    const { segments } = listPlaylist(Buffer.from(await this.ask(playlistUrl)).toString());
    const fresh = segments.filter(({ msn }) => msn >= this.nextMsn);
    for (const { uri, msn, durationMs } of this.nextMsn === 0 ? fresh.slice(-startSegments) : fresh) {
      const askedMs = performance.now();
      await this.ask(new URL(uri, playlistUrl).href);
      if (performance.now() - askedMs > inTimeMs) this.lateSegments++;
      this.nextMsn = msn + 1;
      this.had(durationMs);
    }
  }

  private had(durationMs: number): void {
    const nowMs = performance.now();
    this.segments++;
    this.buffer.add(durationMs, nowMs);
    if (this.buffer.isPlaying) this.countWatched(nowMs);
    else if (this.segments === startSegments) {
      this.buffer.play(nowMs);
      this.startupMs = nowMs - this.beganMs;
      this.playsSinceMs = nowMs;
    }
  }

  private countWatched(nowMs: number): void {
    if (this.startupMs !== undefined) this.watchedMs = nowMs - this.playsSinceMs - this.buffer.stalledMs;
  }

  private async ask(url: string): Promise<ArrayBuffer> {
    const asked = new URL(url);
    asked.searchParams.set('CMCD', `sid="${this.sessionId}",sf=h`);
    const answer = await fetch(asked);
    const body = await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
    return body;
  }

  private async reportAtTimes(): Promise<void> {
    if (this.startupMs === undefined || performance.now() - this.reportedMs < reportMs) return;
    this.reportedMs = performance.now();
    await this.report('t', 'playing');
  }

  private async report(event: string, state: 'playing' | 'quit'): Promise<void> {
    const { startupMs, watchedMs, sessionId, buffer } = this;
    const totals = {
      watchedMs: Math.round(watchedMs),
      stallCount: buffer.stalls,
      stalledMs: Math.round(buffer.stalledMs),
    };
    const startup = startupMs === undefined ? {} : { pageStartupMs: Math.round(startupMs) };
    const report = writeReport({
      ...{ sessionId, contentId: this.channel, event, state, timeMs: Date.now(), ...totals, ...startup },
    });
    const headers = { 'content-type': 'application/cmcd' };
    await fetch(`${this.options.httpUrl}/cmcd`, { method: 'POST', body: `${report}\n`, headers });
  }
}
