import { hostname } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { authorizePublish, publishPolicyOf } from './access/authorize-publish.ts';
import { identifyBearer } from './access/identify.ts';
import { KeyRing } from './access/key-ring.ts';
import { openTokens } from './access/open-tokens.ts';
import { pepperFor } from './access/pepper.ts';
import { openPlayback } from './access/playback-access.ts';
import { StreamKeys } from './access/stream-keys.ts';
import { ViewerAnalytics } from './analytics/viewer-analytics.ts';
import { apiTermsOf } from './api/api-terms.ts';
import { createApi } from './api/app.ts';
import { systemClock } from './base/clock.ts';
import { isStreamctlError, StreamctlError } from './base/errors.ts';
import { collectGarbage } from './base/garbage.ts';
import { mediaBudgetBytes } from './base/media-memory.ts';
import { unavailableInThisBuild } from './config/availability.ts';
import type { Config } from './config/schema.ts';
import { publicUrls } from './contract/public-urls.ts';
import { connectionLimit } from './delivery/fast-lane/connection-limit.ts';
import { announcingStore } from './events/announcing-store.ts';
import { connectEvents } from './events/connect-events.ts';
import { identifyBy, openDoors } from './front/doors.ts';
import { makeInnerFolder } from './front/inner-folder.ts';
import { type Live, startLive } from './live/start-live.ts';
import { HostWatch } from './metrics/host-watch.ts';
import { metricsRegistry } from './metrics/registry.ts';
import type { Log } from './observability/log.ts';
import type { LiveFacts } from './pipeline/live-facts.ts';
import { PipelineControl } from './pipeline/pipeline-control.ts';
import { restorable } from './pipeline/restorable.ts';
import { restoreTraces } from './pipeline/restored-traces.ts';
import { StreamActors } from './pipeline/stream-actors.ts';
import { StreamJournal } from './pipeline/stream-journal.ts';
import { StreamRecords } from './pipeline/stream-records.ts';
import { ownHost } from './prober/own-port.ts';
import { type ProbedStream, Prober } from './prober/prober.ts';
import { unobserved } from './prober/unobserved.ts';
import { connectRealtime } from './realtime/connect-realtime.ts';
import { lockDataDir } from './store/data-dir-lock.ts';
import { Certificates } from './threads/certificates.ts';
import { openControlStore } from './threads/control-store.ts';
import { createEngine } from './threads/engine.ts';
import type { MediaFigures } from './threads/media-side.ts';
import type { PortSockets } from './threads/port-sockets.ts';
import { monitorThread, type ThreadFigures } from './threads/thread-monitor.ts';
import { threadTelling } from './threads/thread-telling.ts';
import { StreamTraces } from './tracing/stream-traces.ts';
import { startTracing } from './tracing/tracing.ts';
import { connectWarehouse } from './warehouse/connect-warehouse.ts';

export interface AppOptions {
  readonly config: Config;
  /** Sockets that listen already, for the ports they are for. */
  readonly sockets?: PortSockets;
  readonly log: Log;
  /** Of the broadcasts: the log names them too. */
  readonly traces?: StreamTraces | undefined;
}

/** How soon a key or token that was changed in the store, and not through this server, counts. */
const keyRefreshMs = 10_000;
/** For how long a key is good that other nodes may have revoked, while the store does not answer. */
const keyMaxAgeMs = 5 * 60_000;

/** How a server does, for who watches over it. */
export interface AppHealth {
  readonly broadcasts: number;
  readonly viewers: number;
  /** How long the thread that is silent for longest has said nothing. Media and delivery threads speak once a second. */
  readonly silentMs: number;
}

/** A running server. */
export interface App {
  readonly httpUrl: string;
  /** Server part for broadcasters: `rtmp://HOST/live`. */
  readonly rtmpUrl: string;
  readonly keys: StreamKeys;
  health(): AppHealth;
  /** Takes over what can be while it runs, and looks at certificates that may have been renewed. */
  reload(settings: { readonly logLevel: string }): Promise<void>;
  /** Stops everything in order; broadcasts stay ACTIVE and are taken up by the next start. May be called twice. */
  stop(): Promise<void>;
}

/** Starts the server that the configuration describes: the one place that knows all the parts. What fails undoes the rest. */
export async function startApp(options: AppOptions): Promise<App> {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    return { ...(await assemble(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(options: AppOptions, undo: (() => unknown)[]): Promise<Omit<App, 'stop'>> {
  const { config, log, sockets } = options;
  const clock = systemClock;
  const node = hostname();
  const startedAtMs = clock.wallMs();
  const warnings = unavailableInThisBuild(config).map(({ path, why }) => `${path} is set, but ${why}`);

  const lock = lockDataDir(config.dataDir);
  undo.push(() => lock.release());
  const control = await openControlStore(config.store.url, clock, log);
  const { store: opened, health: storeHealth } = control;
  undo.push(() => opened.close());
  let watch: Live | undefined;
  const events = await connectEvents({ config, store: opened, node, clock, log });
  undo.push(() => events.stop());
  const store = announcingStore(events.store, () => watch?.wake());

  const pepper = await pepperFor(config.dataDir, store);
  const ring = new KeyRing(store.keys, pepper, control.isShared ? { clock, maxAgeMs: keyMaxAgeMs } : undefined);
  await ring.refresh();
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => ring.replace(key) });

  const traces = options.traces ?? new StreamTraces(clock);
  const { otlpUrl } = config.tracing;
  const resource = { 'service.name': 'streamctl', 'service.version': packageJson.version, 'host.name': node };
  const tracing = otlpUrl === '' ? undefined : await startTracing({ url: otlpUrl, resource, traces, clock, log });
  undo.push(() => tracing?.stop());

  const journal = new StreamJournal(log);
  undo.push(() => journal.close());
  const { dataDir } = config;
  const { ring: tokenRing, tokens } = await openTokens({ dataDir, store: store.tokens, pepper, clock, journal, log });
  // A command that found no server of its own wrote to the store behind our back.
  const refresh = setInterval(() => {
    Promise.all([ring.refresh(), tokenRing.refresh()]).catch((error) => {
      if (storeHealth.state.isHealthy) log.warn({ err: error }, 'the keys and tokens could not be read again');
    });
  }, keyRefreshMs);
  undo.push(() => clearInterval(refresh));
  const actors = new StreamActors();
  const records = new StreamRecords(store.streams, journal, clock, node, traces, actors);
  await restoreTraces(store, traces);
  let facts: readonly LiveFacts[] = [];
  let mediaFigures: MediaFigures | undefined;
  let controlFigures: ThreadFigures | undefined;
  const access = {
    keys: ring,
    clock,
    isOpen: config.auth.openPublish,
    onKeyUsed: (keyId: string, atMs: number) => journal.write(() => store.keys.touch(keyId, atMs)),
  };
  const { retentionMs } = config.analytics;
  const warehouse = await connectWarehouse({ ...config.analytics, dataDir, store, clock, log });
  undo.push(() => warehouse.stop());
  const { sinks, storeRetentionMs } = warehouse;
  const kept = { store: store.sessions, retentionMs: storeRetentionMs, sinks };
  const audience = new ViewerAnalytics({ ...kept, clock, node, dataDir, log });
  await audience.start();
  undo.push(() => audience.stop());
  const realtime = await connectRealtime({
    target: config.realtime.target,
    nodeId: `${node}:${dataDir}`,
    audience,
    publishers: () => mediaFigures?.publishers ?? 0,
    clock,
    log,
  });
  undo.push(() => realtime.stop());
  const playback = openPlayback(config, ring, clock);
  const prober = new Prober({
    clock,
    log,
    streams: () => facts.flatMap((one) => probedStream(one) ?? []),
    token: async (channel) =>
      playback.gate.isSigned(channel)
        ? playback.sign({ subject: channel, expiresAtMs: clock.wallMs() + 60_000 })
        : undefined,
  });
  const { http, rtmp } = config;
  const certificates = new Certificates(clock, log);
  undo.push(() => certificates.stop());
  const inner = makeInnerFolder(dataDir);
  undo.push(() => inner.remove());
  const engine = createEngine(
    {
      threads: http.threads,
      media: {
        hls: config.hls,
        rtmp,
        ladder: config.ladder,
        trustedProxies: http.trustedProxies,
        calibrationPath: join(config.dataDir, 'transcoding-cost.json'),
        certificate: await certificates.watch('rtmps', rtmp.tls, (pair) => media.setCertificate(pair)),
        restored: restorable(await store.streams.active(), {
          records,
          isRevoked: (keyId) => (ring.find(keyId)?.revokedAtMs ?? null) !== null,
          node: apiTermsOf(config).isStoreShared ? node : undefined,
        }),
        memoryBudgetBytes: mediaBudgetBytes(),
        logLevel: config.log.level,
      },
      delivery: {
        listen: http.listen,
        maxConnections: http.maxConnections === 'auto' ? connectionLimit() : http.maxConnections,
        maxPerIp: http.maxPerIp,
        trustedProxies: http.trustedProxies,
        playback: playback.settings,
        innerSocketPath: inner.socketPath,
        certificate: await certificates.watch('https', http.tls, (pair) => delivery.setCertificate(pair)),
      },
    },
    {
      log,
      records,
      sockets,
      authorizePublish: async (attempt) => {
        const sinceMs = clock.monotonicMs();
        const verdict = await events.confirm(attempt, authorizePublish(attempt, access));
        if (verdict.allowed) traces.authorised(verdict.grant.channel, sinceMs);
        return verdict.allowed ? verdict : { allowed: false, code: verdict.error.code, details: verdict.error.details };
      },
      facts: (told) => {
        facts = told;
      },
      figures: (told) => {
        mediaFigures = told;
      },
      viewerEvents: unobserved(audience, prober.userAgent),
    },
  );
  const { media, delivery } = engine;
  undo.push(() => delivery.stop());
  const httpPort = await delivery.start().catch((error) => {
    throw listenError(error, http.listen);
  });
  undo.push(() => media.stop());
  const [rtmpPort = 0] = await media.start().catch((error) => {
    throw listenError(error, rtmp.listen);
  });

  const urls = publicUrls({
    publicUrl: http.publicUrl,
    http: { host: http.listen.host, port: httpPort, isTls: http.tls !== undefined },
    rtmp: { host: rtmp.listen.host, port: rtmpPort },
  });
  const live = new PipelineControl({
    actors,
    facts: () => facts,
    orders: media,
    journal,
    figures: {
      viewers: (streamId) => realtime.audience.viewers(streamId),
      requestsTotal: () => delivery.requestsTotal(),
    },
    traces,
    warnings: () => [
      ...warnings,
      ...storeHealth.warnings(),
      ...events.outgoing.warnings(),
      ...realtime.warnings(),
      ...warehouse.warnings(),
      ...(tracing?.warnings() ?? []),
    ],
  });
  undo.push(
    monitorThread((told) => {
      controlFigures = told;
    }),
  );
  undo.push(prober.start({ host: ownHost(http.listen.host), port: httpPort, isTls: http.tls !== undefined }));
  const { version } = packageJson;
  const host = new HostWatch({ clock, dataDir, version, startedAtMs, certificates: () => certificates.expiries });
  undo.push(host.start());
  const metrics = metricsRegistry({
    engine,
    media: () => mediaFigures,
    control: () => controlFigures,
    store: () => ({ ...journal.figures(), isHealthy: storeHealth.state.isHealthy, restarts: control.restarts() }),
    receivers: events.outgoing.recent,
    viewers: () => audience.stats(),
    experience: () => audience.experienceTotals(),
    prober: () => prober.figures(),
    host: () => host.figures(),
    allNodes: () => realtime.stats(),
    warehouse: () => warehouse.stats(),
    spans: () => tracing?.stats(),
  });
  undo.push(playback.start((settings) => delivery.setPlayback(settings)));
  undo.push(ring.onRevoked((keyId) => media.endByKey(keyId)));
  undo.push(ring.onPolicyChanged(({ id, policy }) => media.changePolicy(id, publishPolicyOf(policy))));
  const credentials = { tokens: tokenRing, keys: ring, clock };
  watch = await startLive({
    ...{ clock, live, audience, store, node, startedAtMs, log, version: packageJson.version },
    told: () => threadTelling(engine, mediaFigures),
    identify: (authorization) => identifyBearer(authorization, credentials),
    gate: playback.gate,
    publicUrl: urls.http,
    isStoreShared: control.isShared,
    channelOfKey: (keyId) => ring.find(keyId)?.channel,
    retentionMs,
  });
  const { hub } = watch;
  const api = createApi({
    outgoing: events.outgoing,
    pepper,
    identify: identifyBy(credentials),
    figures: watch.metrics,
    issueTicket: hub.issueTicket,
    keys,
    tokens,
    store,
    live,
    audience: realtime.audience,
    sessionsOf: warehouse.listerOf,
    urls,
    signLink: (grant) => playback.sign(grant),
    clock,
    version: packageJson.version,
    node,
    startedAtMs,
    ...apiTermsOf(config),
    metrics,
    log,
  });
  const { socketPath: controlSocketPath } = config.control;
  const doors = { api, upgrade: hub.upgrade, controlSocketPath, innerSocketPath: inner.socketPath };
  undo.push(await openDoors(doors));
  undo.push(() => watch?.stop());

  const readiness = () => (!storeHealth.state.isHealthy ? 'degraded' : realtime.isHealthy() ? 'ready' : 'alone');
  const tellReadiness = () => delivery.setReadiness(readiness());
  tellReadiness();
  undo.push(() => delivery.setReadiness('unready'));
  undo.push(storeHealth.onChange(tellReadiness));
  undo.push(realtime.onChange(tellReadiness));
  log.info({ http_url: urls.http, rtmp_url: urls.rtmp }, 'ready');
  collectGarbage();
  const reload: App['reload'] = async ({ logLevel }) => {
    host.configTaken();
    log.level = logLevel;
    media.setLogLevel(logLevel);
    delivery.setLogLevel(logLevel);
    playback.reload(log);
    await certificates.reload();
  };
  const health = () => ({
    broadcasts: facts.length,
    viewers: live.status().viewers,
    silentMs: Math.max(media.silentMs, delivery.silentMs),
  });
  return { httpUrl: urls.http, rtmpUrl: urls.rtmp, keys, health, reload };
}

/** A broadcast that viewers can be expected to see. */
function probedStream({ streamId, channel, state, ingest, renditions }: LiveFacts): ProbedStream | undefined {
  if (state !== 'ACTIVE' || ingest === undefined || renditions.length === 0) return undefined;
  return { streamId, channel, connectedAtMs: ingest.connectedAtMs };
}

function listenError(cause: NodeJS.ErrnoException, { host, port }: { readonly host: string; readonly port: number }) {
  if (cause.code === undefined || isStreamctlError(cause)) return cause;
  const code = cause.code === 'EADDRINUSE' ? 'LISTEN_ADDRESS_IN_USE' : 'LISTEN_FAILED';
  return new StreamctlError(code, { address: `${host}:${port}`, reason: cause.code }, { cause });
}
