/** Runs inside Chromium: plays a URL with one engine, and measures as a viewer would notice it. */
import * as dashjs from 'dashjs';
import Hls from 'hls.js';
import * as shakaModule from 'shaka-player/dist/shaka-player.compiled.js';
import { PlayLog, type PlayLogView } from './play-log.ts';
import { type PlayFigures, PlayMeter } from './play-meter.ts';

export type Engine = 'hls.js' | 'shaka' | 'dash.js' | 'native';

export type PlayReport = PlayFigures;

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

/** What a player is to report by CMCD. */
export interface CmcdSettings {
  readonly version: 1 | 2;
  readonly useHeaders: boolean;
  readonly sessionId: string;
  readonly contentId: string;
  /** Where events go to (version 2); none without it. */
  readonly eventUrl?: string;
}

/** Gets a player ready; what it gives makes it play. */
type Prepare = (
  video: HTMLVideoElement,
  url: string,
  meter: PlayMeter,
  cmcd: CmcdSettings | undefined,
) => Promise<() => unknown> | (() => unknown);

const events = ['ps', 't', 'e', 'bc', 'pr', 'rr'];

function hlsCmcd({ version, useHeaders, sessionId, contentId, eventUrl }: CmcdSettings): object {
  const eventTargets = eventUrl === undefined ? [] : [{ url: eventUrl, events, interval: 2 }];
  return { cmcd: { version, useHeaders, sessionId, contentId, eventTargets } };
}

function shakaCmcd({ version, useHeaders, sessionId, contentId, eventUrl }: CmcdSettings): object {
  const target = {
    mode: 'event',
    enabled: true,
    url: eventUrl,
    events,
    interval: 2,
    includeKeys: [],
    useHeaders: false,
  };
  const eventTargets = eventUrl === undefined ? [] : [target];
  return { cmcd: { enabled: true, version, useHeaders, sessionId, contentId, eventTargets } };
}

function dashCmcd({ version, useHeaders, sessionId, contentId, eventUrl }: CmcdSettings): object {
  const enabledKeys =
    'ab,bl,br,bs,bsd,bg,cid,d,df,dl,e,ec,ltc,msd,mtp,ot,pr,rc,rtp,sf,sid,sn,st,sta,su,tb,ts,ttfb,ttlb,url,v';
  const target = { enabled: true, url: eventUrl, events, interval: 2, enabledKeys: enabledKeys.split(',') };
  const eventTargets = eventUrl === undefined ? [] : [target];
  // Its types say 'header', its code 'headers'.
  const mode = (useHeaders ? 'headers' : 'query') as 'query';
  return { streaming: { cmcd: { enabled: true, version, mode, sid: sessionId, cid: contentId, eventTargets } } };
}

const engines: Record<Engine, Prepare> = {
  'hls.js': (video, url, meter, cmcd) => {
    const hls = new Hls({ lowLatencyMode: true, enableWorker: false, ...(cmcd && hlsCmcd(cmcd)) });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) meter.errors.push(`hls.js: ${data.type} ${data.details} ${data.error?.message ?? ''}`);
      else if (data.type === Hls.ErrorTypes.NETWORK_ERROR)
        meter.failedRequests.push(`${data.details} ${data.response?.code} ${data.frag?.url ?? data.url}`);
    });
    meter.latency = () => secondsSince(hls.playingDate);
    return () => {
      hls.loadSource(url);
      hls.attachMedia(video);
    };
  },
  shaka: async (video, url, meter, cmcd) => {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    player.addEventListener('error', (event: Event) => {
      const { detail } = event as CustomEvent<{ code: number; severity: number; data: unknown[] }>;
      // BAD_HTTP_STATUS and SEGMENT_MISSING (EXT-X-GAP) of a live stream are announced as critical, and then got over.
      const list = detail.code === 1001 || detail.code === 1011 ? meter.failedRequests : meter.errors;
      if (detail.severity === 2) list.push(`shaka: ${detail.code} ${JSON.stringify(detail.data).slice(0, 300)}`);
    });
    meter.latency = () => secondsSince(player.getPlayheadTimeAsDate());
    player.configure({ streaming: { lowLatencyMode: true }, ...(cmcd && shakaCmcd(cmcd)) });
    await player.attach(video);
    const failed = (error: { code?: number }) => meter.errors.push(`shaka load: ${error.code} ${error}`);
    return () => player.load(url).catch(failed);
  },
  'dash.js': (video, url, meter, cmcd) => {
    const player = dashjs.MediaPlayer().create();
    if (cmcd !== undefined) player.updateSettings(dashCmcd(cmcd));
    player.on('error', (event: unknown) => meter.errors.push(`dash.js: ${JSON.stringify(event).slice(0, 300)}`));
    meter.latency = () => {
      const latency = player.getCurrentLiveLatency();
      return Number.isFinite(latency) ? latency : undefined;
    };
    return () => player.initialize(video, url, true);
  },
  native: (video, url) => () => {
    video.src = url;
  },
};

function secondsSince(date: Date | null): number | undefined {
  return date === null || Number.isNaN(date.getTime()) ? undefined : (Date.now() - date.getTime()) / 1000;
}

declare global {
  interface Window {
    startPlay: (engine: Engine, url: string, cmcd?: CmcdSettings) => Promise<void>;
    playReport: () => PlayReport;
    playLog: () => PlayLogView;
  }
}

window.startPlay = async (engine, url, cmcd) => {
  const video = document.querySelector('video');
  if (video === null) throw new Error('no video element');
  const meter = new PlayMeter(video);
  window.playReport = () => meter.report();
  const play = await engines[engine](video, url, meter, cmcd);
  const log = new PlayLog(video);
  window.playLog = () => log.view();
  void Promise.resolve(play())
    // dash.js plays by itself, and hears of nothing that began before it was ready: it would not read its manifest again.
    .then(() => (engine === 'dash.js' ? undefined : video.play()))
    .catch((error: unknown) => meter.errors.push(`play: ${String(error)}`));
};
