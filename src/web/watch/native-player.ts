import type { PlaybackFacts, Player, PlayerEvents } from './player.ts';

/** Lets the browser play HLS itself: only where Media Source Extensions are missing (older iPhones). It reports less. */
export class NativePlayer implements Player {
  private readonly video: HTMLVideoElement;
  private readonly listening = new AbortController();

  constructor(video: HTMLVideoElement, playlistUrl: string, events: PlayerEvents) {
    this.video = video;
    const { signal } = this.listening;
    video.addEventListener('playing', () => events.onPlaying(), { signal });
    video.addEventListener('ended', () => events.onEnd('ended'), { signal });
    video.addEventListener('error', () => events.onEnd('lost'), { signal });
    video.src = playlistUrl;
  }

  facts(): PlaybackFacts {
    const { videoHeight } = this.video;
    const start = (this.video as { getStartDate?: () => Date }).getStartDate?.().getTime() ?? Number.NaN;
    return {
      frameWallMs: Number.isNaN(start) ? undefined : start + this.video.currentTime * 1000,
      qualityLabel: videoHeight === 0 ? undefined : `${videoHeight}p`,
      bitrateBps: undefined,
      behindLiveSeconds: Math.max(0, this.liveEdgeSeconds() - this.video.currentTime),
    };
  }

  /** The browser chooses. */
  select(): void {}

  seekToLive(): void {
    this.video.currentTime = this.liveEdgeSeconds();
  }

  destroy(): void {
    this.listening.abort();
    this.video.removeAttribute('src');
    this.video.load();
  }

  private liveEdgeSeconds(): number {
    const { seekable } = this.video;
    return seekable.length === 0 ? this.video.currentTime : seekable.end(seekable.length - 1);
  }
}
