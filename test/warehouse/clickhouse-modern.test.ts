import { afterAll, beforeAll, describe } from 'vitest';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { analyticsContract } from '../contract/analytics.ts';
import { sessionHoursContract } from '../contract/session-hours.ts';
import { type ChdbFront, chdbModule, startChdbFront } from '../support/chdb-front.ts';

const modulePath = chdbModule();

describe.skipIf(modulePath === undefined)('the engine of today', () => {
  let chdb: ChdbFront;
  beforeAll(async () => {
    chdb = await startChdbFront(modulePath!);
  });
  afterAll(() => chdb?.dispose());

  analyticsContract('ClickHouse of today', async () => {
    const client = new ClickHouseClient(chdb.newTarget());
    await createSchema(client);
    return {
      history: new ClickHouseHistory(client),
      write: (rows) => insertSessions(client, { id: client.database, rows }, new Map(), false),
      close: () => client.close(),
    };
  });

  sessionHoursContract('ClickHouse of today', () => chdb.newTarget());
});
