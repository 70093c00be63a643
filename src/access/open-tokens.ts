import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import type { TokenStore } from '../store/ports/token-store.ts';
import { provideAdminToken } from './admin-token.ts';
import { ApiTokens } from './api-tokens.ts';
import type { Pepper } from './pepper.ts';
import { TokenRing } from './token-ring.ts';

export interface OpenTokensOptions {
  readonly dataDir: string;
  readonly store: TokenStore;
  readonly pepper: Pepper;
  readonly clock: Clock;
  /** Writes to the store in order, behind the back of who asks. */
  readonly journal: { write(operation: () => Promise<unknown>): void };
  readonly log: Log;
}

/** The tokens of a server's API: who holds which, and what can be done with them. A store without any gets the administrator's. */
export async function openTokens({ dataDir, store, pepper, clock, journal, log }: OpenTokensOptions) {
  const ring = new TokenRing({
    store,
    pepper,
    onUsed: (id, lastUsedAtMs) => journal.write(() => store.update(id, { lastUsedAtMs })),
  });
  const tokens = new ApiTokens({ store, pepper, clock, onChange: (token) => ring.replace(token) });
  const adminTokenPath = await provideAdminToken(tokens, dataDir);
  if (adminTokenPath !== undefined) log.info({ path: adminTokenPath }, "the administrator's API token was written");
  await ring.refresh();
  return { ring, tokens };
}
