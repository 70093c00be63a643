import { randomUUID } from 'node:crypto';
import { Agent, fetch } from 'undici';
import { writeReport } from '../../../src/cmcd/write-report.ts';
import { listPlaylist } from '../../../src/load/media-playlist.ts';
import { until } from '../until.ts';

export interface RequestViewerOptions {
  /** Of the server: `http://127.0.0.1:PORT`. */
  readonly httpUrl: string;
  readonly channel: string;
  /** What tells it from others: CMCD in its requests, reports of its own with totals as the watch page makes them, or nothing. */
  readonly tells: 'requests' | 'reports' | 'nothing';
  /** What its User-Agent says it is: one that the server knows by name. */
  readonly player: string;
}

const pollMs = 250;
const reportMs = 1000;

/**
 * A viewer made of its requests alone: asks for the playlist of the source, fetches what is new, and asks again where nobody answers. It has
 * one connection and a User-Agent of its own, and keeps account of when it had media.
 */
export class RequestViewer {
  segments = 0;
  /** For how long it has had media, by its own account: what was between a failure and the next segment is not in it. */
  watchedMs = 0;
  readonly player: string;
  private readonly options: RequestViewerOptions;
  private readonly sessionId: string;
  private readonly agent = new Agent({ connections: 1 });
  private readonly leaving = new AbortController();
  private readonly playing: Promise<void>;
  private nextMsn = 0;
  private lastMediaMs: number | undefined;
  private reportedMs = 0;

  constructor(options: RequestViewerOptions) {
    this.player = options.player;
    this.options = options;
    this.sessionId = `session-${randomUUID()}`;
    this.playing = this.play();
  }

  /** Has fetched `count` more segments. */
  async has(count: number): Promise<void> {
    const wanted = this.segments + count;
    await until(`${this.player} has ${count} more segments`, () => this.segments >= wanted);
  }

  /** Closes its connection, and says goodbye if it ever says anything. */
  async leave(): Promise<void> {
    if (this.leaving.signal.aborted) return;
    this.leaving.abort();
    await this.playing;
    if (this.options.tells !== 'nothing') await this.report('ps', 'quit');
    await this.agent.destroy();
  }

  private async play(): Promise<void> {
    const { signal } = this.leaving;
    while (!signal.aborted) {
      try {
        await this.fetchNew();
        await this.reportAtTimes();
      } catch {
        this.lastMediaMs = undefined; // the server is away; what it had is over
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  private async fetchNew(): Promise<void> {
    const { httpUrl, channel } = this.options;
    const playlistUrl = `${httpUrl}/hls/${channel}/source/index.m3u8`;
    const { segments } = listPlaylist(Buffer.from(await this.ask(playlistUrl)).toString());
    const fresh = segments.filter(({ msn }) => msn >= this.nextMsn);
    for (const { uri, msn } of this.nextMsn === 0 ? fresh.slice(-1) : fresh) {
      await this.ask(new URL(uri, playlistUrl).href);
      this.had(msn);
    }
  }

  private had(msn: number): void {
    const nowMs = performance.now();
    this.watchedMs += nowMs - (this.lastMediaMs ?? nowMs);
    this.lastMediaMs = nowMs;
    this.nextMsn = msn + 1;
    this.segments++;
  }

  private async ask(url: string): Promise<ArrayBuffer> {
    const { tells, player } = this.options;
    const asked = new URL(url);
    if (tells === 'requests') asked.searchParams.set('CMCD', `sid="${this.sessionId}",sf=h`);
    const answer = await fetch(asked, { dispatcher: this.agent, headers: { 'user-agent': `${player}/1` } });
    const body = await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
    return body;
  }

  private async reportAtTimes(): Promise<void> {
    const isDue = performance.now() - this.reportedMs >= reportMs;
    if (this.options.tells !== 'reports' || !isDue || this.segments === 0) return;
    this.reportedMs = performance.now();
    await this.report('t', 'playing');
  }

  private async report(event: string, state: 'playing' | 'quit'): Promise<void> {
    const { httpUrl, channel: contentId, player, tells } = this.options;
    const { sessionId } = this;
    const totals = tells === 'reports' && { watchedMs: Math.round(this.watchedMs), stallCount: 0, stalledMs: 0 };
    const body = `${writeReport({ sessionId, contentId, event, state, timeMs: Date.now(), ...totals })}\n`;
    const headers = { 'content-type': 'application/cmcd', 'user-agent': `${player}/1` };
    await fetch(`${httpUrl}/cmcd`, { method: 'POST', body, headers, dispatcher: this.agent });
  }
}
