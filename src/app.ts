import { hostname } from 'node:os';
import packageJson from '../package.json' with { type: 'json' };
import type { StreamKeys } from './access/stream-keys.ts';
import { openAccess } from './app/access.ts';
import { openAudience } from './app/audience.ts';
import { openBroadcasts } from './app/broadcasts.ts';
import type { AppContext } from './app/context.ts';
import { openControl } from './app/control.ts';
import { followAccess, startEngine } from './app/engine.ts';
import { tellReadiness } from './app/readiness.ts';
import { makeProber, startSelfWatch } from './app/self-watch.ts';
import { openStorage } from './app/storage.ts';
import { nothingTold } from './app/told.ts';
import { systemClock } from './base/clock.ts';
import { collectGarbage } from './base/garbage.ts';
import type { Config } from './config/schema.ts';
import type { Log } from './observability/log.ts';
import { unobserved } from './prober/unobserved.ts';
import type { PortSockets } from './threads/port-sockets.ts';
import type { StreamTraces } from './tracing/stream-traces.ts';

export interface AppOptions {
  readonly config: Config;
  /** Sockets that listen already, for the ports they are for. */
  readonly sockets?: PortSockets;
  readonly log: Log;
  /** Of the broadcasts: the log names them too. */
  readonly traces?: StreamTraces | undefined;
}

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
  const steps: (() => unknown)[] = [];
  const stop = async () => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step();
  };
  const context = {
    ...{ config: options.config, log: options.log, clock: systemClock, node: hostname() },
    ...{ version: packageJson.version, startedAtMs: systemClock.wallMs() },
    onStop: (step: () => unknown) => steps.push(step),
  };
  try {
    return { ...(await assemble(context, options)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The whole program, area by area: each gets what those before it made, and is stopped before them. So a stop says that the node is not
 * ready, closes WebSockets and the API, stops looking at itself, sends publishers away, then viewers, writes down sessions and what
 * waits for the store, lets go of receivers of events and of the store, and unlocks the data folder.
 */
async function assemble(context: AppContext, { sockets, traces }: AppOptions): Promise<Omit<App, 'stop'>> {
  const told = nothingTold();
  const storage = await openStorage(context);
  const broadcasts = await openBroadcasts(context, storage, traces);
  const access = await openAccess(context, storage, broadcasts);
  const audience = await openAudience(context, storage, told);
  const prober = makeProber(context, access, told);
  const viewerEvents = unobserved(audience.analytics, prober.userAgent);
  const engine = await startEngine(context, { storage, broadcasts, access, viewerEvents, sockets, told });
  const { host, metrics } = startSelfWatch(context, { storage, broadcasts, audience, engine, prober, told });
  followAccess(context, access, engine);
  const live = await openControl(context, { storage, broadcasts, access, audience, engine, metrics, told });
  tellReadiness(context, storage, audience, engine);

  const { log } = context;
  const { urls } = engine;
  log.info({ http_url: urls.http, rtmp_url: urls.rtmp }, 'ready');
  collectGarbage();
  return {
    httpUrl: urls.http,
    rtmpUrl: urls.rtmp,
    keys: access.keys,
    health: () => ({
      broadcasts: told.facts.length,
      viewers: live.status().viewers,
      silentMs: Math.max(engine.media.silentMs, engine.delivery.silentMs),
    }),
    reload: async ({ logLevel }) => {
      host.configTaken();
      log.level = logLevel;
      engine.media.setLogLevel(logLevel);
      engine.delivery.setLogLevel(logLevel);
      access.playback.reload(log);
      await engine.certificates.reload();
      await audience.countries?.reload();
    },
  };
}
