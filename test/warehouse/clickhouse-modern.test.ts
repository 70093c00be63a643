import { describe } from 'vitest';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { analyticsContract } from '../contract/analytics.ts';
import { startChdbFront } from '../support/chdb-front.ts';

/** Where the npm package `chdb` is installed (546 MB: not here); docs/architecture.md tells how to run this. */
const { STREAMCTL_CHDB: modulePath = '' } = process.env;

describe.skipIf(modulePath === '')('the engine of today', () => {
  let databases = 0;
  analyticsContract('ClickHouse of today', async () => {
    const port = await startChdbFront(modulePath);
    const database = `modern_${++databases}`;
    const client = new ClickHouseClient({
      kind: 'clickhouse',
      host: '127.0.0.1',
      port,
      isTls: false,
      database,
      login: undefined,
    });
    await createSchema(client);
    return {
      history: new ClickHouseHistory(client),
      write: async (rows, channelOf) => {
        const channels = new Map(rows.map(({ streamId }) => [streamId, channelOf(streamId)]));
        await insertSessions(client, { id: database, rows }, channels, true);
      },
      close: () => client.close(),
    };
  });
});
