import type { Registry } from 'prom-client';
import { HostWatch } from '../metrics/host-watch.ts';
import { metricsRegistry } from '../metrics/registry.ts';
import type { LiveFacts } from '../pipeline/live-facts.ts';
import { ownHost } from '../prober/own-port.ts';
import { type ProbedStream, Prober } from '../prober/prober.ts';
import { monitorThread } from '../threads/thread-monitor.ts';
import type { Access } from './access.ts';
import type { Audience } from './audience.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { AppContext } from './context.ts';
import type { RunningEngine } from './engine.ts';
import type { Storage } from './storage.ts';
import type { Told } from './told.ts';

/** How the node itself does. */
export interface SelfWatch {
  readonly host: HostWatch;
  /** Everything that Prometheus is told. */
  readonly metrics: Registry;
}

/** Plays every broadcast as a viewer would, once it is started. */
export function makeProber({ clock, log }: AppContext, { playback }: Access, told: Told): Prober {
  return new Prober({
    ...{ clock, log },
    streams: () => told.facts.flatMap((one) => probedStream(one) ?? []),
    token: async (channel) =>
      playback.gate.isSigned(channel)
        ? playback.sign({ subject: channel, expiresAtMs: clock.wallMs() + 60_000 })
        : undefined,
  });
}

/** A broadcast that viewers can be expected to see. */
function probedStream({ streamId, channel, state, ingest, renditions }: LiveFacts): ProbedStream | undefined {
  if (state !== 'ACTIVE' || ingest === undefined || renditions.length === 0) return undefined;
  return { streamId, channel, connectedAtMs: ingest.connectedAtMs };
}

export interface SelfWatchNeeds {
  readonly storage: Storage;
  readonly broadcasts: Broadcasts;
  readonly audience: Audience;
  readonly engine: RunningEngine;
  readonly prober: Prober;
  readonly told: Told;
}

/** Begins to look at this thread, at what viewers get, and at the machine. */
export function startSelfWatch(context: AppContext, needs: SelfWatchNeeds): SelfWatch {
  const { config, clock, version, startedAtMs, onStop } = context;
  const { storage, broadcasts, audience, engine, prober, told } = needs;
  const { http, dataDir } = config;
  onStop(
    monitorThread((figures) => {
      told.control = figures;
    }),
  );
  onStop(prober.start({ host: ownHost(http.listen.host), port: engine.httpPort, isTls: http.tls !== undefined }));
  const certificates = () => engine.certificates.expiries;
  const host = new HostWatch({ clock, dataDir, version, startedAtMs, certificates });
  onStop(host.start());
  const { journal, tracing } = broadcasts;
  const { health, restarts } = storage;
  const metrics = metricsRegistry({
    engine,
    media: () => told.media,
    control: () => told.control,
    store: () => ({ ...journal.figures(), isHealthy: health.state.isHealthy, restarts: restarts() }),
    receivers: storage.events.outgoing.recent,
    viewers: () => audience.analytics.stats(),
    experience: () => audience.analytics.experienceTotals(),
    prober: () => prober.figures(),
    host: () => host.figures(),
    allNodes: () => audience.realtime.stats(),
    warehouse: () => audience.warehouse.stats(),
    sockets: () => told.sockets(),
    spans: () => tracing?.stats(),
  });
  return { host, metrics };
}
