import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ApiTokens } from '../../src/access/api-tokens.ts';
import { identifyLocal } from '../../src/access/identity.ts';
import { KeyRing } from '../../src/access/key-ring.ts';
import { loadPepper } from '../../src/access/pepper.ts';
import { PlaybackAccess } from '../../src/access/playback-access.ts';
import { StreamKeys } from '../../src/access/stream-keys.ts';
import type { Identify } from '../../src/api/admission.ts';
import { type ApiOptions, createApi } from '../../src/api/app.ts';
import type { LiveControl, LiveStreamView } from '../../src/api/live-control.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { StreamctlError } from '../../src/base/errors.ts';
import { publicUrls } from '../../src/contract/public-urls.ts';
import { openStore } from '../../src/store/open.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { someEvent, someStream } from './rows.ts';
import { tempDir } from './temp-dir.ts';

/** The API over a real store in a folder of its own, and a stand-in for the running streams that the test fills. */
export async function apiUnderTest(
  identify: Identify = identifyLocal,
  clock: Clock = systemClock,
  members: Partial<ApiOptions> = {},
) {
  const dataDir = tempDir();
  const store = await openStore({ url: `sqlite:${join(dataDir, 'streamctl.db')}` });
  onTestFinished(() => store.close());
  const pepper = loadPepper({ dataDir, mayCreate: true });
  const ring = new KeyRing(store.keys, pepper);
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => ring.replace(key) });
  const tokens = new ApiTokens({ store: store.tokens, pepper, clock });
  const playback = new PlaybackAccess({
    dataDir,
    keyPath: join(dataDir, 'playback.keys'),
    isSignedByDefault: false,
    edgeSecret: '',
    ring,
    clock,
  });
  const running: LiveStreamView[] = [];
  const stopped: string[] = [];
  const watching: SessionRow[] = [];
  const live: LiveControl = {
    list: () => running,
    get: (name) => running.find(({ streamId, channel }) => streamId === name || channel === name),
    announce: async ({ id, channel, keyId }) => {
      const found = live.get(channel);
      if (found !== undefined)
        throw new StreamctlError('STREAM_ALREADY_ANNOUNCED', { channel, streamId: found.streamId });
      const row = someStream({ id, channel, keyId: keyId ?? null, createdAtMs: clock.wallMs() });
      await store.streams.create(row, someEvent({ streamId: id }));
    },
    stop: async (name) => {
      const found = live.get(name) !== undefined;
      if (found) stopped.push(name);
      return found;
    },
    status: () => ({ publishers: running.length, viewers: 3, requestsTotal: 7, warnings: ['disk is slow'] }),
  };
  const errors: unknown[] = [];
  const api = createApi({
    pepper,
    identify,
    keys,
    tokens,
    store,
    live,
    audience: {
      sessions: (streamId) => watching.filter((row) => row.streamId === streamId),
      recent: () => ({ watching: [], sessions: [], watchMs: 0, stallMs: 0 }),
      viewers: () => watching.length,
      qualities: () => [],
    },
    signLink: (grant) => playback.sign(grant),
    clock,
    urls: publicUrls({
      publicUrl: 'https://live.example.org',
      http: { host: '0.0.0.0', port: 8080 },
      rtmp: { host: '0.0.0.0', port: 1935 },
    }),
    version: '0.1.0',
    node: 'test',
    pendingTimeoutMs: 300_000,
    isPublishOpen: false,
    isMetricsPublic: false,
    isStoreShared: false,
    issueTicket: () => 'a-ticket',
    startedAtMs: clock.wallMs() - 5000,
    log: { error: (...args: unknown[]) => void errors.push(args), debug: () => {} },
    ...members,
  });
  const call = async (method: string, path: string, body?: unknown) => {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await api.request(path, { method, ...init });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { dataDir, store, ring, keys, playback, running, watching, stopped, errors, api, call };
}
