import type { ApiClient } from '../client/api-client.ts';

export const completedNames = ['keys', 'streams', 'tokens'] as const;
/** Of what a shell can complete the names. */
export type CompletedNames = (typeof completedNames)[number];

/** So many are offered at most. */
const limit = 200;

/** What may be typed where a command wants one of them: channels of keys, channels on air or announced, ids of tokens. */
export async function namesToComplete(client: ApiClient, names: CompletedNames): Promise<string[]> {
  switch (names) {
    case 'keys': {
      const { items } = await client.listKeys({ limit });
      return unique(items.filter(({ revoked_at: revokedAt }) => revokedAt === null).map(({ channel }) => channel));
    }
    case 'streams': {
      const pages = await Promise.all(
        ['ACTIVE', 'PENDING_INGEST'].map((state) => client.listStreams({ state, limit })),
      );
      return unique(pages.flatMap(({ items }) => items.map(({ channel }) => channel)));
    }
    case 'tokens': {
      const { items } = await client.listTokens({ limit });
      return items.filter(({ revoked_at: revokedAt }) => revokedAt === null).map(({ id }) => id);
    }
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted();
}
