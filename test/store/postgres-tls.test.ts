import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { tempDir } from '../support/temp-dir.ts';

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres({ tlsHost: 'localhost' });
});
afterAll(() => postgres?.dispose());

/** Whether the one connection of the store is encrypted, as Postgres sees it. */
async function isEncrypted(query: string, server = postgres): Promise<boolean> {
  const store = await openStore({ url: `${server.url.replace('127.0.0.1', 'localhost')}${query}` });
  onTestFinished(() => store.close());
  await store.keys.list();
  const sql = `select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'streamctl'`;
  return (await server.query(sql))[0].ssl;
}

test('sslmode=require encrypts, whoever signed the certificate', async () => {
  expect(await isEncrypted('?sslmode=require')).toBe(true);
});

test('without sslmode nothing is encrypted', async () => {
  expect(await isEncrypted('')).toBe(false);
});

test('verify-full takes the certificate that was named, for the host it is made for', async () => {
  expect(await isEncrypted(`?sslmode=verify-full&sslrootcert=${postgres.certificatePath}`)).toBe(true);
});

test('a root certificate alone means verify-full', async () => {
  expect(await isEncrypted(`?sslrootcert=${postgres.certificatePath}`)).toBe(true);
});

test('verify-full refuses the right certificate of another host, which verify-ca takes', async () => {
  const other = await startPostgres({ tlsHost: 'db.example' });
  onTestFinished(() => other.dispose());
  const query = (mode: string) => `?sslmode=${mode}&sslrootcert=${other.certificatePath}`;
  const refusal = {
    code: 'STORE_TLS_FAILED',
    message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID'),
  };
  await expect(isEncrypted(query('verify-full'), other)).rejects.toMatchObject(refusal);
  await expect(openStore({ url: `${other.url}${query('verify-full')}` })).rejects.toMatchObject(refusal);
  expect(await isEncrypted(query('verify-ca'), other)).toBe(true);
});

test.each(['verify-full', 'verify-ca', 'require'])('%s with another root certificate refuses', async (mode) => {
  const path = join(tempDir(), 'other.crt');
  writeFileSync(path, (await makeCertificate()).cert);
  await expect(isEncrypted(`?sslmode=${mode}&sslrootcert=${path}`)).rejects.toMatchObject({ code: 'STORE_TLS_FAILED' });
});

test('verify-full without a root certificate asks those of the system', async () => {
  await expect(isEncrypted('?sslmode=verify-full')).rejects.toMatchObject({ code: 'STORE_TLS_FAILED' });
});
