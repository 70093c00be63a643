import { hostname } from 'node:os';
import { ApiTokens } from '../access/api-tokens.ts';
import { identifyLocal } from '../access/identity.ts';
import { KeyRing } from '../access/key-ring.ts';
import { pepperFor } from '../access/pepper.ts';
import { openPlayback } from '../access/playback-access.ts';
import { StreamKeys } from '../access/stream-keys.ts';
import { apiTermsOf } from '../api/api-terms.ts';
import { createApi } from '../api/app.ts';
import type { LiveControl } from '../api/live-control.ts';
import { systemClock } from '../base/clock.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import { ApiClient } from '../client/api-client.ts';
import { unixFetch } from '../client/unix-fetch.ts';
import type { Config } from '../config/schema.ts';
import { publicUrls } from '../contract/public-urls.ts';
import { openStore } from '../store/open.ts';
import { actAsOwnerOf } from './act-as-owner.ts';

/** A way to the API: of the running server, or of this process over the store when none runs. */
export interface Control {
  readonly client: ApiClient;
  readonly hasServer: boolean;
  close(): Promise<void>;
}

/** Calls `use` with a way to the API, and closes it. */
export async function withControl<Result>(config: Config, use: (control: Control) => Promise<Result>): Promise<Result> {
  const control = (await serverControl(config)) ?? (await storeControl(config));
  try {
    return await use(control);
  } finally {
    await control.close();
  }
}

/** The running server only. Throws CONTROL_NO_SERVER. */
export async function requireServer(config: Config): Promise<ApiClient> {
  const control = await serverControl(config);
  if (control === undefined) throw new StreamctlError('CONTROL_NO_SERVER', { path: config.control.socketPath });
  return control.client;
}

async function serverControl(config: Config): Promise<Control | undefined> {
  const fetch = unixFetch(config.control.socketPath);
  try {
    await fetch(new Request('http://localhost/healthz'));
  } catch (error) {
    if (isStreamctlError(error) && error.code === 'CONTROL_NO_SERVER') return undefined;
    throw error;
  }
  return { client: new ApiClient(fetch), hasServer: true, close: async () => {} };
}

const nothingLive: LiveControl = {
  list: () => [],
  get: () => undefined,
  announce: async () => {
    throw new StreamctlError('CONTROL_NO_SERVER', { path: 'the control socket' });
  },
  stop: async () => false,
  status: () => ({ publishers: 0, viewers: 0, requestsTotal: 0, warnings: [] }),
};

async function storeControl(config: Config): Promise<Control> {
  actAsOwnerOf(config.dataDir);
  const store = await openStore({ url: config.store.url });
  try {
    const pepper = await pepperFor(config.dataDir, store);
    const { publicUrl, listen } = config.http;
    const api = createApi({
      pepper,
      identify: identifyLocal,
      keys: new StreamKeys({ store: store.keys, pepper, clock: systemClock }),
      tokens: new ApiTokens({ store: store.tokens, pepper, clock: systemClock }),
      store,
      live: nothingLive,
      signLink: (grant) => openPlayback(config, new KeyRing(store.keys, pepper), systemClock).sign(grant),
      urls: publicUrls({ publicUrl, http: listen, rtmp: config.rtmp.listen }),
      clock: systemClock,
      version: '',
      node: hostname(),
      startedAtMs: systemClock.wallMs(),
      ...apiTermsOf(config),
      log: {
        error: (fields: object, sentence?: string) => process.stderr.write(`${sentence} ${describe(fields)}\n`),
        debug: () => {},
      },
    });
    const client = new ApiClient(async (request) => await api.fetch(request));
    return { client, hasServer: false, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function describe(fields: object): string {
  const { err } = fields as { err?: unknown };
  return err instanceof Error ? (err.stack ?? err.message) : '';
}
