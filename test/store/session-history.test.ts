import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { analyticsContract, type HistoryPlace } from '../contract/analytics.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { someEvent, someStream } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());

async function openPlace(url: string): Promise<HistoryPlace> {
  const store = await openStore({ url });
  return {
    history: store.sessions,
    async write(rows: readonly SessionRow[], channelOf) {
      for (const id of new Set(rows.map(({ streamId }) => streamId))) {
        await store.streams.create(someStream({ id, channel: channelOf(id) }), someEvent({ streamId: id }));
      }
      await store.sessions.save(rows);
    },
    close: () => store.close(),
  };
}

analyticsContract('SQLite', () => openPlace(`sqlite:${join(tempDir(), 'store.db')}`));
analyticsContract('Postgres', async () => openPlace(await postgres.newDatabase()));
