import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { storeContract } from '../contract/store.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());

storeContract('Postgres', async () => {
  await postgres.query('drop schema public cascade; create schema public');
  return await openStore({ url: postgres.url });
});
