import type { ApiTokens } from '../access/api-tokens.ts';
import { authorizePublish } from '../access/authorize-publish.ts';
import type { CredentialsOptions } from '../access/identify.ts';
import { KeyRing } from '../access/key-ring.ts';
import { openTokens } from '../access/open-tokens.ts';
import { type Pepper, pepperFor } from '../access/pepper.ts';
import { openPlayback, type PlaybackAccess } from '../access/playback-access.ts';
import { StreamKeys } from '../access/stream-keys.ts';
import type { MediaControl } from '../threads/media-side.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { AppContext } from './context.ts';
import type { Storage } from './storage.ts';

/** How soon a key or token that was changed in the store, and not through this server, counts. */
const refreshMs = 10_000;
/** For how long a key is good that other nodes may have revoked, while the store does not answer. */
const keyMaxAgeMs = 5 * 60_000;

/** Who may publish, watch and ask. */
export interface Access {
  readonly pepper: Pepper;
  readonly ring: KeyRing;
  readonly keys: StreamKeys;
  readonly tokens: ApiTokens;
  readonly playback: PlaybackAccess;
  readonly credentials: CredentialsOptions;
  readonly authorizePublish: MediaControl['authorizePublish'];
}

/** Reads keys and tokens, and reads them again while the program runs. */
export async function openAccess(context: AppContext, storage: Storage, broadcasts: Broadcasts): Promise<Access> {
  const { config, clock, log, onStop } = context;
  const { store, health, isShared } = storage;
  const { journal } = broadcasts;
  const { dataDir } = config;
  const pepper = await pepperFor(dataDir, store);
  const ring = new KeyRing(store.keys, pepper, isShared ? { clock, maxAgeMs: keyMaxAgeMs } : undefined);
  await ring.refresh();
  const keys = new StreamKeys({ store: store.keys, pepper, clock, onChange: (key) => ring.replace(key) });
  const { ring: tokenRing, tokens } = await openTokens({ dataDir, store: store.tokens, pepper, clock, journal, log });
  // A command that found no server of its own wrote to the store behind our back.
  const refresh = setInterval(() => {
    Promise.all([ring.refresh(), tokenRing.refresh()]).catch((err) => {
      if (health.state.isHealthy) log.warn({ err }, 'the keys and tokens could not be read again');
    });
  }, refreshMs);
  onStop(() => clearInterval(refresh));
  return {
    ...{ pepper, ring, keys, tokens },
    playback: openPlayback(config, ring, clock),
    credentials: { tokens: tokenRing, keys: ring, clock },
    authorizePublish: publishAuthorizer(context, storage, broadcasts, ring),
  };
}

/** Answers from the keys; who is let in by them, and whoever else is configured to be asked lets in too, may publish. */
function publishAuthorizer(
  { config, clock }: AppContext,
  { store, events }: Storage,
  { journal, traces }: Broadcasts,
  keys: KeyRing,
): MediaControl['authorizePublish'] {
  const onKeyUsed = (keyId: string, atMs: number) => journal.write(() => store.keys.touch(keyId, atMs));
  const terms = { keys, clock, isOpen: config.auth.openPublish, onKeyUsed };
  return async (attempt) => {
    const sinceMs = clock.monotonicMs();
    const verdict = await events.confirm(attempt, authorizePublish(attempt, terms));
    if (verdict.allowed) traces.authorised(verdict.grant.channel, sinceMs);
    return verdict.allowed ? verdict : { allowed: false, code: verdict.error.code, details: verdict.error.details };
  };
}
