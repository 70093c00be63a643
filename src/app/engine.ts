import { join } from 'node:path';
import { publishPolicyOf } from '../access/authorize-publish.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import { mediaBudgetBytes } from '../base/media-memory.ts';
import { formatListen, type ListenAddress } from '../config/values.ts';
import { type PublicUrls, publicUrls } from '../contract/public-urls.ts';
import { connectionLimit } from '../delivery/fast-lane/connection-limit.ts';
import { type InnerFolder, makeInnerFolder } from '../front/inner-folder.ts';
import { restorable } from '../pipeline/restorable.ts';
import { Certificates } from '../threads/certificates.ts';
import { createEngine, type Engine, type EngineControl, type EngineOptions } from '../threads/engine.ts';
import type { PortSockets } from '../threads/port-sockets.ts';
import type { Access } from './access.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { AppContext } from './context.ts';
import type { Storage } from './storage.ts';
import type { Told } from './told.ts';

/** From publishers' sockets to viewers' sockets, and where both are reached. */
export interface RunningEngine extends Engine {
  readonly httpPort: number;
  readonly urls: PublicUrls;
  readonly certificates: Certificates;
  readonly inner: InnerFolder;
}

export interface EngineNeeds {
  readonly storage: Storage;
  readonly broadcasts: Broadcasts;
  readonly access: Access;
  /** Hears what viewers ask for. */
  readonly viewerEvents: EngineControl['viewerEvents'];
  /** Sockets that listen already, for the ports they are for. */
  readonly sockets: PortSockets | undefined;
  readonly told: Told;
}

/** Starts the threads: viewers are heard first, then publishers. Throws LISTEN_ADDRESS_IN_USE, LISTEN_FAILED and what is wrong with certificates. */
export async function startEngine(context: AppContext, needs: EngineNeeds): Promise<RunningEngine> {
  const { config, clock, log, onStop } = context;
  const { http, rtmp } = config;
  const { broadcasts, access, viewerEvents, sockets, told } = needs;
  const certificates = new Certificates(clock, log);
  onStop(() => certificates.stop());
  const inner = makeInnerFolder(config.dataDir);
  onStop(() => inner.remove());
  const engine = createEngine(
    {
      threads: http.threads,
      media: {
        ...(await mediaOptions(context, needs)),
        certificate: await certificates.watch('rtmps', rtmp.tls, (pair) => engine.media.setCertificate(pair)),
      },
      delivery: {
        ...deliveryOptions(context, access, inner),
        certificate: await certificates.watch('https', http.tls, (pair) => engine.delivery.setCertificate(pair)),
      },
    },
    {
      ...{ log, sockets, viewerEvents, records: broadcasts.records, authorizePublish: access.authorizePublish },
      facts: (facts) => {
        told.facts = facts;
      },
      figures: (figures) => {
        told.media = figures;
      },
    },
  );
  const { media, delivery } = engine;
  onStop(() => delivery.stop());
  const httpPort = await delivery.start().catch((error) => {
    throw listenError(error, http.listen);
  });
  onStop(() => media.stop());
  const [rtmpPort = 0] = await media.start().catch((error) => {
    throw listenError(error, rtmp.listen);
  });
  const urls = publicUrls({
    publicUrl: http.publicUrl,
    http: { host: http.listen.host, port: httpPort, isTls: http.tls !== undefined },
    rtmp: { host: rtmp.listen.host, port: rtmpPort },
  });
  return { media, delivery, httpPort, urls, certificates, inner };
}

async function mediaOptions(
  { config, node }: AppContext,
  { storage, broadcasts, access }: EngineNeeds,
): Promise<Omit<EngineOptions['media'], 'certificate'>> {
  const { hls, rtmp, ladder, http, log } = config;
  return {
    ...{ hls, rtmp, ladder },
    trustedProxies: http.trustedProxies,
    calibrationPath: join(config.dataDir, 'transcoding-cost.json'),
    restored: restorable(await storage.store.streams.active(), {
      records: broadcasts.records,
      isRevoked: (keyId) => (access.ring.find(keyId)?.revokedAtMs ?? null) !== null,
      node: storage.isShared ? node : undefined,
    }),
    memoryBudgetBytes: mediaBudgetBytes(),
    logLevel: log.level,
  };
}

function deliveryOptions(
  { config }: AppContext,
  { playback }: Access,
  inner: InnerFolder,
): Omit<EngineOptions['delivery'], 'certificate'> {
  const { listen, maxConnections, maxPerIp, trustedProxies } = config.http;
  return {
    ...{ listen, maxPerIp, trustedProxies },
    maxConnections: maxConnections === 'auto' ? connectionLimit() : maxConnections,
    playback: playback.settings,
    innerSocketPath: inner.socketPath,
    tellsAddresses: config.analytics.geoipPath !== '',
  };
}

/** From now on publishers and viewers feel what is changed about keys, until the program stops. */
export function followAccess({ onStop }: AppContext, { ring, playback }: Access, { media, delivery }: Engine): void {
  onStop(playback.start((settings) => delivery.setPlayback(settings)));
  onStop(ring.onRevoked((keyId) => media.endByKey(keyId)));
  onStop(ring.onPolicyChanged(({ id, policy }) => media.changePolicy(id, publishPolicyOf(policy))));
}

function listenError(cause: NodeJS.ErrnoException, listen: ListenAddress) {
  if (cause.code === undefined || isStreamctlError(cause)) return cause;
  const code = cause.code === 'EADDRINUSE' ? 'LISTEN_ADDRESS_IN_USE' : 'LISTEN_FAILED';
  return new StreamctlError(code, { address: formatListen(listen), reason: cause.code }, { cause });
}
