import Hls from 'hls.js';
import { readWatchAddress, type WatchAddress } from './address.ts';
import { type Broadcast, streamIdOf, waitForBroadcast } from './broadcast.ts';
import { attachControls } from './controls.ts';
import { latencySeconds } from './format.ts';
import { HlsPlayer } from './hls-player.ts';
import { NativePlayer } from './native-player.ts';
import type { PageState } from './page-state.ts';
import { PageView } from './page-view.ts';
import type { PlaybackEnd, Player, PlayerEvents } from './player.ts';
import { QualityHistory } from './quality-history.ts';
import { newSessionId, type PlayIdentity, ViewerReport } from './viewer-report.ts';

const factsEveryMs = 500;
/** Further behind than this, the live button offers to go to live. */
const behindLiveSeconds = 3;

/** Waits for a broadcast, plays it, and waits for the next, for as long as the page is open. */
class WatchPage {
  private readonly view: PageView;
  private readonly address: WatchAddress;
  private readonly workerUrl: string;
  /** Of all broadcasts that were watched here. */
  private readonly history = new QualityHistory();
  private player: Player | undefined;
  private broadcast: Broadcast | undefined;
  /** Goes on when the player gives up and the same broadcast is found again. */
  private report: ViewerReport | undefined;
  /** The browser lets it play without sound only, and the viewer has not asked for any yet. */
  private isSilenced = false;

  constructor(view: PageView, address: WatchAddress, workerUrl: string) {
    this.view = view;
    this.address = address;
    this.workerUrl = workerUrl;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.view.showPoster(this.address.posterUrl);
    attachControls(this.view, this.address.shareUrl, () => this.player);
    this.view.video.addEventListener('volumechange', () => {
      this.isSilenced &&= this.view.video.muted;
    });
    setInterval(() => this.showFacts(), factsEveryMs);
    let absentState: PageState | undefined;
    let endedIdentity: string | undefined;
    let isFirstLook = true;
    for (;;) {
      const broadcast = await waitForBroadcast(
        this.address.playlistUrl,
        endedIdentity,
        // After an end the viewer keeps reading that it ended, until the server itself is in trouble.
        (absence) => {
          isFirstLook = false;
          if (absence === 'offline') this.endReport('lost');
          this.view.showState(absence === 'offline' ? (absentState ?? 'offline') : absence);
        },
        signal,
      );
      const end = await this.playToEnd(broadcast, isFirstLook);
      isFirstLook = false;
      absentState = end === 'ended' ? 'ended' : undefined;
      endedIdentity = end === 'ended' ? broadcast.identity : undefined;
      this.view.showState(end === 'ended' ? 'ended' : 'unreachable');
    }
  }

  /** `wasOnAir`: it was found when the page was opened. */
  private async playToEnd(broadcast: Broadcast, wasOnAir: boolean): Promise<PlaybackEnd> {
    const { view } = this;
    let isInterrupted = false;
    // What is buffered is still watched; the card comes when the picture stands, whichever of the two is known first.
    const onWaiting = () => {
      view.showBuffering(true);
      if (isInterrupted) view.showState('interrupted');
    };
    // No card: what the broadcast looked like a moment ago says more, and is gone in a moment.
    view.showState('connecting');
    view.showBuffering(true);
    view.showPoster(this.address.posterUrl);
    view.video.addEventListener('waiting', onWaiting);
    const report = this.reportOf(broadcast, wasOnAir);
    this.broadcast = broadcast;
    const end = await new Promise<PlaybackEnd>((resolve) => {
      this.player = this.createPlayer(report.identity, {
        onPlaying: () => {
          view.showBuffering(false);
          view.showState('live');
        },
        onInterrupted: (interrupted) => {
          isInterrupted = interrupted;
          if (view.isBuffering) onWaiting();
        },
        onQualities: (qualities) => view.showQualities(qualities),
        onSwitched: (change) => {
          this.history.add(change);
          report.showed(change);
          view.showHistory(this.history);
        },
        onEnd: resolve,
      });
      void this.startWithSound();
    });
    if (end === 'lost') report.lost();
    else this.endReport(end);
    view.video.removeEventListener('waiting', onWaiting);
    this.player?.destroy();
    this.player = undefined;
    view.unmute.hidden = true;
    view.showBuffering(false);
    return end;
  }

  /** Of a broadcast that was lost and is back it goes on. */
  private reportOf(broadcast: Broadcast, wasOnAir: boolean): ViewerReport {
    if (this.report !== undefined && this.broadcast?.identity === broadcast.identity) {
      this.report.resumed();
      return this.report;
    }
    this.endReport('lost');
    this.report = new ViewerReport({
      sessionId: newSessionId(),
      contentId: streamIdOf(broadcast),
      video: this.view.video,
      reportUrl: this.address.reportUrl,
      playerName: Hls.isSupported() ? `hls.js ${Hls.version}` : 'native',
      // Who opened the page while it was on air has waited since then.
      startedMs: wasOnAir ? 0 : performance.now(),
      latencyMs: () => this.latencyMs(),
    });
    return this.report;
  }

  private endReport(end: PlaybackEnd): void {
    this.report?.end(end);
    this.report = undefined;
  }

  private createPlayer(identity: PlayIdentity, events: PlayerEvents): Player {
    const { view, address } = this;
    // Media Source first: a browser's own HLS (Chromium has one too) tells neither latency nor quality.
    if (Hls.isSupported()) return new HlsPlayer(view.video, address.playlistUrl, this.workerUrl, identity, events);
    return new NativePlayer(view.video, address.playlistUrl, events);
  }

  /** Browsers let a page play with sound only after the viewer has touched it: then pictures first, and a button for the sound. */
  private async startWithSound(): Promise<void> {
    const { video, unmute } = this.view;
    unmute.hidden = !this.isSilenced; // since an earlier broadcast
    try {
      await video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      video.muted = true;
      unmute.hidden = false;
      this.isSilenced = true;
      await video.play().catch(() => {
        this.view.showPlayback();
        video.addEventListener('play', () => this.report?.ledger.beganAt(performance.now()), { once: true });
      });
    }
  }

  private latencyMs(): number | undefined {
    const frameWallMs = this.player?.facts().frameWallMs;
    if (frameWallMs === undefined) return undefined;
    const seconds = latencySeconds(frameWallMs, Date.now(), this.broadcast?.clockAheadMs ?? 0);
    return seconds === undefined ? undefined : seconds * 1000;
  }

  private showFacts(): void {
    const facts = this.player?.facts();
    const isPlaying = facts !== undefined && document.body.dataset.state === 'live';
    if (!isPlaying) {
      this.view.showFacts(undefined, undefined, undefined);
      return;
    }
    const latencyMs = this.latencyMs();
    this.view.showFacts(latencyMs === undefined ? undefined : latencyMs / 1000, facts.qualityLabel, facts.bitrateBps);
    this.view.showBehindLive(facts.behindLiveSeconds > behindLiveSeconds);
  }
}

const view = new PageView();
const address = readWatchAddress(location.href);
const workerUrl = document.body.dataset.worker;
if (address === undefined || workerUrl === undefined) throw new Error('this script belongs to a watch page');
view.showName(address.name);
const canPlayNatively = view.video.canPlayType('application/vnd.apple.mpegurl') !== '';
if (Hls.isSupported() || canPlayNatively)
  await new WatchPage(view, address, workerUrl).run(new AbortController().signal);
else view.showState('unsupported');
