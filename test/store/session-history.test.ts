import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { analyticsContract, type HistoryPlace } from '../contract/analytics.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { someSession } from '../support/rows.ts';
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
    write: (rows: readonly SessionRow[]) => store.sessions.save(rows),
    close: () => store.close(),
  };
}

analyticsContract('SQLite', () => openPlace(`sqlite:${join(tempDir(), 'store.db')}`));
analyticsContract('Postgres', async () => openPlace(await postgres.newDatabase()));

test.each(['SQLite', 'Postgres'])(
  '%s counts who watches when it was last seen, beside those who have left',
  async (kind) => {
    const { history, write, close } = await openPlace(
      kind === 'SQLite' ? `sqlite:${join(tempDir(), 'store.db')}` : await postgres.newDatabase(),
    );
    onTestFinished(close);
    const rows = [
      someSession({ id: 'left', endedAtMs: 5_000, startupMs: 100 }),
      someSession({ id: 'watches', seenAtMs: 9_000, startupMs: 300, player: 'VLC', country: 'FR' }),
      someSession({ id: 'gone with its node', seenAtMs: 1_000 }),
    ];
    await write(rows);
    const range = { fromMs: 2_000, untilMs: 10_000, streamId: 'st1' };
    const { sessions, startupMs } = await history.experience(range);
    expect({ sessions, startupMs }).toEqual({ sessions: 2, startupMs: { beacon: { p50: 300, p95: 300, count: 2 } } });
    expect((await history.byPlayer(range)).map(({ name }) => name)).toEqual(['Chrome', 'VLC']);
    expect((await history.byCountry(range)).map(({ name }) => name)).toEqual(['DE', 'FR']);
  },
);
