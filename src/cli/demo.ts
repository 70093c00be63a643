import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { App } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { buildConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { publicUrls } from '../contract/public-urls.ts';
import { createLog, type Log } from '../observability/log.ts';
import { ClipPublisher } from '../publisher/clip-publisher.ts';
import type { FlvClip } from '../publisher/flv-clip.ts';
import { endSignal } from './end-signal.ts';

export interface DemoOptions {
  /** Published in a loop. */
  readonly clip: FlvClip;
  /** Given, they are used as they are; else the usual ports, or the next free ones. */
  readonly httpListen: string | undefined;
  readonly rtmpListen: string | undefined;
  /** Ends by itself after this much media. */
  readonly seconds: number | undefined;
  readonly startApp: (options: { config: Config; log: Log }) => Promise<App>;
  /** The picture is there. */
  readonly onLive: (links: DemoLinks) => void;
}

export interface DemoLinks {
  readonly watch_url: string;
  /** The same for other devices in the network; equal when there is no other name. */
  readonly network_watch_url: string;
  readonly hls_url: string;
  readonly dash_url: string;
  /** Ports that differ from the usual ones, because something else uses those. */
  readonly moved_ports: readonly { readonly usual: number; readonly used: number }[];
}

const channel = 'demo';
const usualPorts = { http: 8080, rtmp: 1935 } as const;
const portsTried = 50;
const pictureTimeoutMs = 20_000;

/** Runs a server with its data in a temporary folder and publishes the sample to it, until Ctrl-C. Leaves nothing behind. */
export async function demo(options: DemoOptions): Promise<void> {
  const ended = endSignal();
  const dataDir = mkdtempSync(join(tmpdir(), 'streamctl-demo-'));
  try {
    const config = await demoConfig(options, dataDir);
    const log = createLog({
      level: 'warn',
      format: 'auto',
      isTerminal: process.stderr.isTTY === true,
      useColor: process.stderr.isTTY === true && !process.env.NO_COLOR,
      destination: process.stderr,
    });
    const app = await options.startApp({ config, log });
    try {
      await broadcast(options, app, config, ended);
    } finally {
      await app.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** No file and no variables: the demo is the same everywhere. */
async function demoConfig({ httpListen, rtmpListen }: DemoOptions, dataDir: string): Promise<Config> {
  const flagValues = {
    data_dir: dataDir,
    'http.listen': httpListen ?? `0.0.0.0:${await freePortFrom(usualPorts.http)}`,
    'rtmp.listen': rtmpListen ?? `0.0.0.0:${await freePortFrom(usualPorts.rtmp)}`,
  };
  return buildConfig({ flag: undefined, env: {}, cwd: process.cwd(), flagValues }, undefined).config;
}

async function broadcast(options: DemoOptions, app: App, config: Config, ended: AbortSignal): Promise<void> {
  const { text: streamName } = await app.keys.create({ channel });
  const publisher = new ClipPublisher({
    clip: options.clip,
    url: {
      isTls: false,
      host: localHost(config.rtmp.listen.host),
      port: portOf(app.rtmpUrl, usualPorts.rtmp),
      app: 'live',
      streamName,
    },
    clock: systemClock,
    loop: true,
    reconnect: true,
    maxMediaMs: options.seconds === undefined ? Number.POSITIVE_INFINITY : options.seconds * 1000,
  });
  const stop = new AbortController();
  const publishing = publisher.run(AbortSignal.any([ended, stop.signal]));
  try {
    const links = linksOf(app, config, options);
    await Promise.race([untilPlayable(links.hls_url, ended), publishing]);
    if (!ended.aborted) options.onLive(links);
    await publishing;
  } finally {
    stop.abort();
    await publishing.catch(() => undefined); // it is thrown above already
  }
}

function linksOf(app: App, config: Config, { httpListen, rtmpListen }: DemoOptions): DemoLinks {
  const http = { host: config.http.listen.host, port: portOf(app.httpUrl, 80) };
  const rtmp = { host: config.rtmp.listen.host, port: portOf(app.rtmpUrl, usualPorts.rtmp) };
  const isEverywhere = http.host === '0.0.0.0' || http.host === '::';
  const near = publicUrls({ publicUrl: '', http: { ...http, host: isEverywhere ? 'localhost' : http.host }, rtmp });
  const links = near.playback(channel);
  const moved = [
    { usual: usualPorts.http, used: httpListen === undefined ? http.port : usualPorts.http },
    { usual: usualPorts.rtmp, used: rtmpListen === undefined ? rtmp.port : usualPorts.rtmp },
  ];
  return {
    watch_url: links.watch,
    network_watch_url: publicUrls({ publicUrl: '', http, rtmp }).playback(channel).watch,
    hls_url: links.hls,
    dash_url: links.dash,
    moved_ports: moved.filter(({ usual, used }) => usual !== used),
  };
}

/** A URL leaves out the port that is usual for its scheme. */
function portOf(url: string, usual: number): number {
  const { port } = new URL(url);
  return port === '' ? usual : Number(port);
}

async function untilPlayable(hlsUrl: string, ended: AbortSignal): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + pictureTimeoutMs;
  while (!ended.aborted) {
    const response = await fetch(hlsUrl, { signal: ended }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    if (systemClock.monotonicMs() > deadlineMs)
      throw new StreamctlError('DEMO_NO_PICTURE', { seconds: pictureTimeoutMs / 1000 });
    await delay(100, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Where a server that listens on `host` is reached from its own machine. */
function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** The first port from `usual` on that nobody listens on. */
async function freePortFrom(usual: number): Promise<number> {
  for (let port = usual; port < usual + portsTried; port++) if (await isFree(port)) return port;
  throw new StreamctlError('DEMO_NO_PORT', { from: usual, to: usual + portsTried - 1 });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '0.0.0.0', port }, () => probe.close(() => resolve(true)));
  });
}
