import { identifyBearer } from '../access/identify.ts';
import { apiTermsOf } from '../api/api-terms.ts';
import { createApi } from '../api/app.ts';
import type { LiveControl } from '../api/live-control.ts';
import { unavailableInThisBuild } from '../config/availability.ts';
import { identifyBy, openDoors } from '../front/doors.ts';
import { startLive } from '../live/start-live.ts';
import { PipelineControl } from '../pipeline/pipeline-control.ts';
import { threadTelling } from '../threads/thread-telling.ts';
import type { Access } from './access.ts';
import type { Audience } from './audience.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { AppContext } from './context.ts';
import type { RunningEngine } from './engine.ts';
import type { SelfWatch } from './self-watch.ts';
import type { Storage } from './storage.ts';
import type { Told } from './told.ts';

export interface ControlNeeds {
  readonly storage: Storage;
  readonly broadcasts: Broadcasts;
  readonly access: Access;
  readonly audience: Audience;
  readonly engine: RunningEngine;
  readonly metrics: SelfWatch['metrics'];
  readonly told: Told;
}

/** Opens the API and the WebSockets to operators, pages and commands; what they see and change of broadcasts is returned. */
export async function openControl(context: AppContext, needs: ControlNeeds): Promise<LiveControl> {
  const { config, clock, log, node, version, startedAtMs, onStop } = context;
  const { storage, access, audience, engine, metrics, told } = needs;
  const { urls, inner } = engine;
  const { store, events, isShared: isStoreShared } = storage;
  const { pepper, ring, keys, tokens, playback, credentials } = access;
  const { retentionMs } = config.analytics;
  const live = liveControl(context, needs);
  const watch = await startLive({
    ...{ clock, live, store, node, startedAtMs, log, version, isStoreShared, retentionMs },
    audience: audience.analytics,
    told: () => threadTelling(engine, told.media),
    identify: (authorization) => identifyBearer(authorization, credentials),
    gate: playback.gate,
    publicUrl: urls.http,
    channelOfKey: (keyId) => ring.find(keyId)?.channel,
  });
  storage.onEvent(watch.wake);
  const { hub } = watch;
  told.sockets = () => hub.figures();
  const api = createApi({
    ...{ keys, tokens, store, pepper, live, urls, clock, version, node, startedAtMs, metrics, log },
    ...apiTermsOf(config),
    outgoing: events.outgoing,
    identify: identifyBy(credentials),
    figures: watch.metrics,
    issueTicket: hub.issueTicket,
    audience: audience.realtime.audience,
    sessionsOf: audience.warehouse.listerOf,
    historyOf: audience.warehouse.historyOf,
    signLink: (grant) => playback.sign(grant),
  });
  const { socketPath: controlSocketPath } = config.control;
  const doors = { api, upgrade: hub.upgrade, controlSocketPath, innerSocketPath: inner.socketPath };
  const closeDoors = await openDoors(doors).catch(async (error) => {
    await watch.stop();
    throw error;
  });
  onStop(closeDoors);
  onStop(() => watch.stop());
  return live;
}

function liveControl({ config }: AppContext, needs: ControlNeeds): LiveControl {
  const { storage, broadcasts, audience, engine, told } = needs;
  const { actors, journal, traces, tracing } = broadcasts;
  const { realtime, warehouse } = audience;
  const unavailable = unavailableInThisBuild(config).map(({ path, why }) => `${path} is set, but ${why}`);
  return new PipelineControl({
    ...{ actors, journal, traces, orders: engine.media, facts: () => told.facts },
    figures: {
      viewers: (streamId) => realtime.audience.viewers(streamId),
      requestsTotal: () => engine.delivery.requestsTotal(),
    },
    warnings: () => [
      ...unavailable,
      ...storage.health.warnings(),
      ...storage.events.outgoing.warnings(),
      ...realtime.warnings(),
      ...warehouse.warnings(),
      ...(tracing?.warnings() ?? []),
    ],
  });
}
