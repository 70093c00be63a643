/** Runs inside Chromium: plays a URL with one engine, and measures as a viewer would notice it. */
import * as dashjs from 'dashjs';
import Hls from 'hls.js';
import * as shakaModule from 'shaka-player/dist/shaka-player.compiled.js';

export type Engine = 'hls.js' | 'shaka' | 'dash.js' | 'native';

export interface PlayReport {
  readonly startupMs: number | undefined;
  readonly playedSeconds: number;
  readonly stalls: number;
  readonly stallSeconds: number;
  /** Jumps of the position by more than half a second: the player skipped something. */
  readonly skips: number;
  readonly errors: readonly string[];
  /** Requests that failed and that the player got over. */
  readonly failedRequests: readonly string[];
  readonly droppedFrames: number;
  readonly totalFrames: number;
  readonly latencySeconds: number | undefined;
  /** How often the element was given new media after the start. */
  readonly reloads: number;
  readonly positionSeconds: number;
  readonly width: number;
  readonly height: number;
}

/** As far as we use it: the package's own types only describe a global variable. */
interface ShakaPlayer extends EventTarget {
  configure(settings: object): void;
  attach(video: HTMLVideoElement): Promise<void>;
  load(url: string): Promise<void>;
  getPlayheadTimeAsDate(): Date | null;
}
const { default: shaka } = shakaModule as unknown as {
  default: { polyfill: { installAll(): void }; Player: new () => ShakaPlayer };
};

const sampleMs = 50;
/** A picture that stands for longer than this is noticed. */
const stallMs = 300;
const skipSeconds = 0.5;

class Meter {
  private readonly video: HTMLVideoElement;
  private readonly startedMs = performance.now();
  private startupMs: number | undefined;
  private playedSeconds = 0;
  private stalls = 0;
  private stallMs = 0;
  private skips = 0;
  private reloads = -1;
  private lastPosition = 0;
  private lastMoveMs = 0;
  private lastSampleMs = 0;
  private isStalled = false;
  readonly errors: string[] = [];
  readonly failedRequests: string[] = [];
  latency: () => number | undefined = () => undefined;

  constructor(video: HTMLVideoElement) {
    this.video = video;
    video.addEventListener('loadstart', () => {
      this.reloads++;
    });
    video.addEventListener('error', () => this.errors.push(`video: ${video.error?.code} ${video.error?.message}`));
    setInterval(() => this.sample(), sampleMs);
  }

  report(): PlayReport {
    const { droppedVideoFrames, totalVideoFrames } = this.video.getVideoPlaybackQuality();
    return {
      startupMs: this.startupMs,
      playedSeconds: this.playedSeconds,
      stalls: this.stalls,
      stallSeconds: this.stallMs / 1000,
      skips: this.skips,
      errors: this.errors,
      failedRequests: this.failedRequests,
      droppedFrames: droppedVideoFrames,
      totalFrames: totalVideoFrames,
      latencySeconds: this.latency(),
      reloads: Math.max(0, this.reloads),
      positionSeconds: this.video.currentTime,
      width: this.video.videoWidth,
      height: this.video.videoHeight,
    };
  }

  private sample(): void {
    const now = performance.now();
    const sinceSampleMs = now - this.lastSampleMs;
    this.lastSampleMs = now;
    const position = this.video.currentTime;
    const moved = position - this.lastPosition;
    this.lastPosition = position;
    if (this.startupMs === undefined) {
      if (this.video.paused || this.video.readyState < 3 || !(moved > 0) || moved > 1) return;
      this.startupMs = now - this.startedMs;
      this.lastMoveMs = now;
      return;
    }
    if (moved !== 0) this.lastMoveMs = now;
    // Sampling itself may be late on a busy machine: what moved in that time was played.
    if (moved > skipSeconds + sinceSampleMs / 1000 || moved < -0.05) this.skips++;
    else this.playedSeconds += Math.max(0, moved);
    const isStanding = now - this.lastMoveMs > stallMs;
    if (isStanding && !this.isStalled) this.stalls++;
    if (isStanding) this.stallMs += this.isStalled ? sinceSampleMs : now - this.lastMoveMs;
    this.isStalled = isStanding;
  }
}

const engines: Record<Engine, (video: HTMLVideoElement, url: string, meter: Meter) => Promise<void> | void> = {
  'hls.js': (video, url, meter) => {
    const hls = new Hls({ lowLatencyMode: true, enableWorker: false });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) meter.errors.push(`hls.js: ${data.type} ${data.details} ${data.error?.message ?? ''}`);
      else if (data.type === Hls.ErrorTypes.NETWORK_ERROR)
        meter.failedRequests.push(`${data.details} ${data.response?.code} ${data.frag?.url ?? data.url}`);
    });
    meter.latency = () => secondsSince(hls.playingDate);
    hls.loadSource(url);
    hls.attachMedia(video);
  },
  shaka: async (video, url, meter) => {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    player.addEventListener('error', (event: Event) => {
      const { detail } = event as CustomEvent<{ code: number; severity: number; data: unknown[] }>;
      // BAD_HTTP_STATUS and SEGMENT_MISSING (EXT-X-GAP) of a live stream are announced as critical, and then got over.
      const list = detail.code === 1001 || detail.code === 1011 ? meter.failedRequests : meter.errors;
      if (detail.severity === 2) list.push(`shaka: ${detail.code} ${JSON.stringify(detail.data).slice(0, 300)}`);
    });
    meter.latency = () => secondsSince(player.getPlayheadTimeAsDate());
    player.configure({ streaming: { lowLatencyMode: true } });
    await player.attach(video);
    await player.load(url).catch((error: { code?: number }) => meter.errors.push(`shaka load: ${error.code} ${error}`));
  },
  'dash.js': (video, url, meter) => {
    const player = dashjs.MediaPlayer().create();
    player.on('error', (event: unknown) => meter.errors.push(`dash.js: ${JSON.stringify(event).slice(0, 300)}`));
    meter.latency = () => {
      const latency = player.getCurrentLiveLatency();
      return Number.isFinite(latency) ? latency : undefined;
    };
    player.initialize(video, url, true);
  },
  native: (video, url) => {
    video.src = url;
  },
};

function secondsSince(date: Date | null): number | undefined {
  return date === null || Number.isNaN(date.getTime()) ? undefined : (Date.now() - date.getTime()) / 1000;
}

declare global {
  interface Window {
    startPlay: (engine: Engine, url: string) => void;
    playReport: () => PlayReport;
  }
}

window.startPlay = (engine, url) => {
  const video = document.querySelector('video');
  if (video === null) throw new Error('no video element');
  const meter = new Meter(video);
  window.playReport = () => meter.report();
  const started = engines[engine](video, url, meter);
  void Promise.resolve(started)
    .then(() => video.play())
    .catch((error: unknown) => meter.errors.push(`play: ${String(error)}`));
};
