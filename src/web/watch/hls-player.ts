import Hls, { type ErrorData, type HlsConfig, type Level, type LevelDetails } from 'hls.js';
import { Adaptation } from './adaptation.ts';
import { joinAtBufferEnd } from './level-join.ts';
import type { PlaybackFacts, Player, PlayerEvents, Quality } from './player.ts';
import { PlayheadWatch } from './playhead-watch.ts';
import type { SwitchReason } from './quality-history.ts';
import type { PlayIdentity } from './viewer-report.ts';

/** What makes hls.js start fast, stay close to live and adapt soon. Everything else keeps its default. */
const lowLatency: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // The distance to live is the server's PART-HOLD-BACK. Whoever fell behind catches up at 1.08 times: inaudible with pitch
  // correction, and 10 s are made good in two minutes instead of never.
  maxLiveSyncPlaybackRate: 1.08,
  // Live edge playback never has more than a few seconds ahead; a phone's memory is better kept for pictures.
  maxBufferLength: 12,
  backBufferLength: 20,
  // The first segment is fetched beside the playlists, and the quality is not probed first: saves a round trip each.
  startFragPrefetch: true,
  testBandwidth: false,
};

/**
 * Beyond twelve target durations (24 s at 2 s) catching up would take minutes, so jump; nearer, an interruption is watched through.
 * Given to the constructor it would demand liveSyncDurationCount too, and with that the server's PART-HOLD-BACK would not count.
 */
const maxLatencyTargetDurations = 12;

/**
 * Distance to live where there are qualities to switch between, in place of PART-HOLD-BACK (1.5 s): a network that falls to a fifth
 * takes about a second until the lower quality comes.
 */
const ladderLatencySeconds = 2.5;

const recoveryWindowMs = 10_000;
const recoveriesPerWindow = 2;

function qualityLabel(level: Level): string {
  if (level.height === 0) return level.name || 'Audio';
  return level.frameRate > 45 ? `${level.height}p${Math.round(level.frameRate)}` : `${level.height}p`;
}

/**
 * CMCD (version 2) that says with every request whose it is, and no more: a header that never changes costs nobody anything, leaves URLs
 * as all viewers have them, and so caches as good as they are. What there is to tell goes into reports (`viewer-report.ts`).
 */
function cmcd({ sessionId, contentId }: PlayIdentity): HlsConfig['cmcd'] {
  return { version: 2, useHeaders: true, includeKeys: ['sid', 'cid'], sessionId, contentId };
}

/** The name of a rendition stands in its URLs. */
function renditionOf(level: Level): string {
  return level.uri.split('/').at(-2) ?? level.name;
}

/** Nothing to play at the end of the list: the server bridges an interruption with EXT-X-GAP. */
function endsInGap(details: LevelDetails): boolean {
  return details.fragments.at(-1)?.gap === true;
}

/** Plays through Media Source Extensions. `workerUrl` serves hls.js' transmuxing worker. */
export class HlsPlayer implements Player {
  private readonly hls: Hls;
  private readonly video: HTMLVideoElement;
  private readonly events: PlayerEvents;
  private readonly listening = new AbortController();
  private readonly playheadWatch: PlayheadWatch;
  private hasPlayed = false;
  private hasShown = false;
  private shownLevel: number | undefined;
  /** Comes on screen when the picture has its size. */
  private awaitedLevel: number | undefined;
  /** Why a level was chosen last. */
  private readonly reasons = new Map<number, SwitchReason>();
  private recoveries: number[] = [];

  constructor(
    video: HTMLVideoElement,
    playlistUrl: string,
    workerUrl: string,
    identity: PlayIdentity,
    events: PlayerEvents,
  ) {
    this.video = video;
    this.events = events;
    this.hls = new Hls({
      ...lowLatency,
      workerPath: workerUrl,
      abrController: this.adaptationClass(),
      cmcd: cmcd(identity),
    });
    this.hls.config.liveMaxLatencyDurationCount = maxLatencyTargetDurations;
    this.hls.on(Hls.Events.MANIFEST_PARSED, () => this.manifestParsed());
    this.hls.on(Hls.Events.LEVEL_SWITCHED, (_event, { level }) => this.switched(level));
    this.hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => this.levelUpdated(details));
    this.hls.on(Hls.Events.ERROR, (_event, data) => this.failed(data));
    const { signal } = this.listening;
    video.addEventListener('playing', () => this.playing(), { signal });
    video.addEventListener('resize', () => this.resized(), { signal });
    video.addEventListener('ended', () => this.finish('ended'), { signal });
    this.playheadWatch = new PlayheadWatch(
      video,
      () => this.hls.latestLevelDetails,
      () => this.finish('ended'),
    );
    this.hls.loadSource(playlistUrl);
    this.hls.attachMedia(video);
  }

  facts(): PlaybackFacts {
    const level = this.hls.levels[this.hls.currentLevel];
    const live = this.hls.liveSyncPosition;
    return {
      frameWallMs: this.hls.playingDate?.getTime(),
      qualityLabel: level === undefined ? undefined : qualityLabel(level),
      bitrateBps: level?.averageBitrate || level?.bitrate,
      behindLiveSeconds: live === null ? 0 : Math.max(0, live - this.video.currentTime),
    };
  }

  select(index: number | undefined): void {
    if (index !== undefined) this.reasons.set(index, 'manual');
    this.hls.nextLevel = index ?? -1;
  }

  seekToLive(): void {
    const live = this.hls.liveSyncPosition;
    if (live !== null) this.video.currentTime = live;
  }

  destroy(): void {
    this.listening.abort();
    this.playheadWatch.stop();
    this.hls.destroy();
  }

  private qualities(): Quality[] {
    return this.hls.levels.map((level, index) => ({ index, label: qualityLabel(level) })).reverse();
  }

  /** hls.js makes its controllers itself, of a class that it types by its own. */
  private adaptationClass(): HlsConfig['abrController'] {
    const { reasons } = this;
    class PageAdaptation extends Adaptation {
      constructor(hls: Hls) {
        super(hls, (level, reason) => reasons.set(level, reason));
      }
    }
    return PageAdaptation as unknown as HlsConfig['abrController'];
  }

  /** hls.js says so when the playhead has come there, be there anything to show or not. */
  private switched(index: number): void {
    const { videoHeight } = this.video;
    const { height = 0 } = this.hls.levels[index] ?? {};
    const isOnScreen = !this.hasShown || height === 0 || videoHeight === 0 || height === videoHeight;
    if (isOnScreen) this.showed(index);
    else this.awaitedLevel = index;
  }

  private resized(): void {
    const { awaitedLevel } = this;
    if (awaitedLevel !== undefined && this.hls.levels[awaitedLevel]?.height === this.video.videoHeight)
      this.showed(awaitedLevel);
  }

  private showed(index: number): void {
    this.awaitedLevel = undefined;
    if (this.shownLevel === index) return;
    this.shownLevel = index;
    const level = this.hls.levels[index];
    if (level === undefined) return;
    const isFirst = !this.hasShown;
    this.hasShown = true;
    const reason = isFirst ? 'startup' : this.reasonOf(index);
    this.events.onSwitched({ atMs: Date.now(), rendition: renditionOf(level), reason });
  }

  private reasonOf(index: number): SwitchReason {
    return this.reasons.get(index) ?? (this.hls.autoLevelEnabled ? 'error' : 'manual');
  }

  private manifestParsed(): void {
    const { hls } = this;
    if (hls.levels.length > 1) hls.targetLatency = ladderLatencySeconds;
    this.events.onQualities(this.qualities());
  }

  private playing(): void {
    this.hasPlayed = true;
    this.events.onPlaying();
  }

  private levelUpdated(details: LevelDetails): void {
    joinAtBufferEnd(this.hls, details);
    // Somebody who comes after the end is told so, instead of being shown the last half minute as if it were live.
    if (!details.live && !this.hasPlayed) this.finish('ended');
    else this.events.onInterrupted(details.live && endsInGap(details));
  }

  private failed(data: ErrorData): void {
    if (!data.fatal) return;
    const now = performance.now();
    this.recoveries = this.recoveries.filter((at) => now - at < recoveryWindowMs);
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.recoveries.length < recoveriesPerWindow) {
      this.recoveries.push(now);
      this.hls.recoverMediaError();
      return;
    }
    this.finish('lost');
  }

  private finish(end: 'ended' | 'lost'): void {
    if (this.listening.signal.aborted) return;
    this.listening.abort();
    this.events.onEnd(end);
  }
}
