import type { CDPSession } from 'playwright-core';
import { until } from '../until.ts';
import type { BrowserPlay } from './browser-players.ts';

/** A request for something of one rendition. */
export interface RenditionRequest {
  readonly atMs: number;
  readonly rendition: string;
  /** Init segment, segment or part; otherwise a playlist. */
  readonly isMedia: boolean;
}

const latencyMs = 20;

/** A page at play behind a network whose bandwidth a test decides, and every rendition it asks for. */
export class ThrottledPlay {
  readonly requests: RenditionRequest[] = [];
  private readonly play: BrowserPlay;
  private readonly network: CDPSession;

  private constructor(play: BrowserPlay, network: CDPSession) {
    this.play = play;
    this.network = network;
    play.page.on('request', (request) => {
      const match = /\/(?:hls|dash)\/[^/]+\/([a-z0-9]+)\/([^/?]+)/.exec(request.url());
      if (match === null || match[1] === 'audio') return;
      this.requests.push({ atMs: performance.now(), rendition: match[1]!, isMedia: !match[2]!.endsWith('.m3u8') });
    });
  }

  static async of(play: BrowserPlay): Promise<ThrottledPlay> {
    const network = await play.page.context().newCDPSession(play.page);
    await network.send('Network.enable');
    return new ThrottledPlay(play, network);
  }

  /** From now on, for what is under way too. */
  async throttle(bitsPerSecond: number): Promise<number> {
    await this.network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: latencyMs,
      downloadThroughput: bitsPerSecond / 8,
      uploadThroughput: bitsPerSecond / 8,
    });
    return performance.now();
  }

  /** When media of one of these renditions was first asked for since `sinceMs`. */
  async asksFor(renditions: readonly string[], sinceMs: number, timeoutMs: number): Promise<number> {
    const found = await until(
      `media of ${renditions.join(' or ')} is asked for`,
      () =>
        this.requests.find(
          ({ atMs, isMedia, rendition }) => atMs >= sinceMs && isMedia && renditions.includes(rendition),
        ),
      timeoutMs,
    );
    return found.atMs;
  }

  /** The renditions whose media were asked for, each time it was another than before. */
  get switches(): string[] {
    const media = this.requests.filter(({ isMedia }) => isMedia).map(({ rendition }) => rendition);
    return media.filter((rendition, index) => rendition !== media[index - 1]);
  }

  report(): ReturnType<BrowserPlay['report']> {
    return this.play.report();
  }

  get page(): BrowserPlay['page'] {
    return this.play.page;
  }

  close(): Promise<void> {
    return this.play.close();
  }
}
