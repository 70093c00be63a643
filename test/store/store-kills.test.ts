import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { rehearseMigrationKills, rehearseWriterKills } from '../support/store-kills.ts';
import { tempDir } from '../support/temp-dir.ts';

// Eight moments of each store; fifty of each kind: npm run soak -- store-kills
const moments = 4;

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());

const stores = {
  SQLite: async () => `sqlite:${join(tempDir(), 'streamctl.db')}`,
  Postgres: () => postgres.newDatabase(),
};

describe.each(Object.entries(stores))('%s', (_, newUrl) => {
  test('processes killed while they write lose nothing that was acknowledged, and leave no halves', async () => {
    const report = await rehearseWriterKills(await newUrl(), moments);
    expect(report.acknowledged).toBeGreaterThan(moments);
    expect(report).toMatchObject({ lost: [], halves: [] });
  });

  test('a store whose first process is killed while it makes the tables is completed by the next', async () => {
    const report = await rehearseMigrationKills(newUrl, moments);
    expect(report.interrupted).toBeGreaterThan(0);
  });
});
