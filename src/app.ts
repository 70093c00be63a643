import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import { authorizePublish } from './access/authorize-publish.ts';
import { KeyRing } from './access/key-ring.ts';
import { loadPepper } from './access/pepper.ts';
import { StreamKeys } from './access/stream-keys.ts';
import { createApi } from './api/app.ts';
import { ControlSocket } from './api/control-socket.ts';
import { systemClock } from './base/clock.ts';
import { StreamctlError } from './base/errors.ts';
import { unavailableInThisBuild } from './config/availability.ts';
import type { Config } from './config/schema.ts';
import { publicUrls } from './contract/public-urls.ts';
import { Delivery } from './delivery/delivery.ts';
import { connectionLimit } from './delivery/fast-lane/connection-limit.ts';
import { PlaybackServer } from './delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from './delivery/http-server.ts';
import { frontListener } from './front.ts';
import { defaultRtmpLimits } from './ingest/rtmp/limits.ts';
import { RtmpServer } from './ingest/rtmp/server.ts';
import type { Log } from './observability/log.ts';
import { MediaPipeline } from './pipeline/media-pipeline.ts';
import { PipelineControl } from './pipeline/pipeline-control.ts';
import { lockDataDir } from './store/data-dir-lock.ts';
import { StoreThread } from './threads/store-thread.ts';
import { webPages } from './web/web-pages.ts';

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
}

/** How soon a key that was changed in the store, and not through this server, counts. */
const keyRefreshMs = 10_000;

/** A running server. */
export interface App {
  readonly httpUrl: string;
  /** Server part for broadcasters: `rtmp://HOST/live`. */
  readonly rtmpUrl: string;
  readonly keys: StreamKeys;
  /** Stops everything in order; broadcasts stay ACTIVE and are taken up by the next start. May be called twice. */
  stop(): Promise<void>;
}

/** Starts the server that the configuration describes: the one place that knows all the parts. What fails undoes the rest. */
export async function startApp({ config, log }: AppOptions): Promise<App> {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return { ...(await assemble({ config, log }, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble({ config, log }: AppOptions, undo: (() => unknown)[]): Promise<Omit<App, 'stop'>> {
  const clock = systemClock;
  const node = hostname();
  const startedAtMs = clock.wallMs();
  const warnings = unavailableInThisBuild(config).map(({ path, why }) => `${path} is set, but ${why}`);

  const lock = lockDataDir(config.dataDir);
  undo.push(() => lock.release());
  const store = await new StoreThread({ url: config.store.url }, log).open();
  undo.push(() => store.close());

  const hasKeys = (await store.keys.list()).length > 0;
  const pepper = loadPepper({ dataDir: config.dataDir, mayCreate: !hasKeys });
  const ring = new KeyRing(store.keys, pepper);
  await ring.refresh();
  // A command that found no server of its own wrote to the store behind our back.
  const refresh = setInterval(() => {
    ring.refresh().catch((error) => log.warn({ err: error }, 'the keys could not be read again'));
  }, keyRefreshMs);
  undo.push(() => clearInterval(refresh));
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => ring.replace(key) });

  const delivery = new Delivery({ clock });
  const pipeline = new MediaPipeline({
    hls: config.hls,
    rtmp: config.rtmp,
    node,
    clock,
    log,
    store,
    feed: (message) => delivery.apply(message),
    onEnded: (streamId) => delivery.retireStream(streamId),
  });
  await pipeline.start();
  undo.push(() => pipeline.stop());

  let isReady = false;
  const front = frontListener({ pages: webPages(), isReady: () => isReady, log });
  const { maxConnections } = config.http;
  const playback = new PlaybackServer({
    listen: config.http.listen,
    delivery,
    full: createServer(viewerServerOptions, createPlaybackListener(delivery, front, { clock })),
    clock,
    maxConnections: maxConnections === 'auto' ? connectionLimit() : maxConnections,
    maxPerIp: config.http.maxPerIp,
  });
  await playback.start().catch((error) => {
    throw listenError(error, config.http.listen);
  });
  undo.push(() => playback.stop());

  const { rtmp } = config;
  const access = {
    keys: ring,
    clock,
    isOpen: config.auth.openPublish,
    onKeyUsed: (keyId: string, atMs: number) => pipeline.journal.write(() => store.keys.touch(keyId, atMs)),
  };
  const rtmpServer = new RtmpServer(
    {
      listen: rtmp.listen,
      tls: rtmp.tls && { listen: rtmp.tls.listen, cert: readPem(rtmp.tls.certPath), key: readPem(rtmp.tls.keyPath) },
      limits: { ...defaultRtmpLimits, maxPublishers: rtmp.maxPublishers, maxPerIp: rtmp.maxPerIp },
    },
    {
      clock,
      log,
      authorizePublish: async (request, signal) => {
        const decision = authorizePublish(request, access);
        if (decision.allowed) await pipeline.broadcasts.takeoverTurn(decision.grant.channel, signal);
        return decision;
      },
      openPublication: (grant, connection) => pipeline.broadcasts.open(grant, connection),
    },
  );
  await rtmpServer.start(new AbortController().signal).catch((error) => {
    throw listenError(error, rtmp.listen);
  });
  undo.push(() => rtmpServer.stop());
  undo.push(() => pipeline.broadcasts.stop());

  const urls = publicUrls({
    publicUrl: config.http.publicUrl,
    http: { host: config.http.listen.host, port: playback.address.port },
    rtmp: { host: rtmp.listen.host, port: rtmpServer.addresses[0]!.port },
  });
  const live = new PipelineControl(pipeline, delivery, warnings);
  undo.push(
    ring.onRevoked((keyId) => {
      for (const { stream } of pipeline.list) if (stream.keyId === keyId) stream.stop('key_revoked');
    }),
  );
  const api = createApi({ keys, store, live, urls, clock, version: packageJson.version, node, startedAtMs, log });
  const socket = new ControlSocket({ path: config.control.socketPath, fetch: (request) => api.fetch(request) });
  await socket.start();
  undo.push(() => socket.stop());

  isReady = true;
  undo.push(() => {
    isReady = false;
  });
  log.info({ http_url: urls.http, rtmp_url: urls.rtmp }, 'ready');
  return { httpUrl: urls.http, rtmpUrl: urls.rtmp, keys };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw new StreamctlError('TLS_FILE_UNREADABLE', { path, reason: code }, { cause });
  }
}

function listenError(cause: NodeJS.ErrnoException, { host, port }: { readonly host: string; readonly port: number }) {
  if (cause.code === undefined) return cause;
  const code = cause.code === 'EADDRINUSE' ? 'LISTEN_ADDRESS_IN_USE' : 'LISTEN_FAILED';
  return new StreamctlError(code, { address: `${host}:${port}`, reason: cause.code }, { cause });
}
