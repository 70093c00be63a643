import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { SessionWarehouse } from '../../src/warehouse/session-warehouse.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { randomSource } from '../support/random-sessions.ts';
import { tempDir } from '../support/temp-dir.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const password = 'nachtigall-und-lerche';
const day = Date.UTC(2026, 10, 23);
const dayMs = 86_400_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let authority: CertificateAuthority;
let clickhouse: ClickHouseServer;
beforeAll(async () => {
  folder = await temporaryFolder('authority');
  authority = await CertificateAuthority.create(folder.path);
  clickhouse = await startClickHouse({ certificate: await authority.issue('DNS:localhost'), password });
});
afterAll(async () => {
  await clickhouse?.dispose();
  await folder?.remove();
});

function clientOf(change: { readonly host?: string; readonly port?: number } = {}): ClickHouseClient {
  const client = new ClickHouseClient({ ...clickhouse.newTlsTarget(), database: 'default', ...change });
  onTestFinished(() => client.close());
  return client;
}

test('sessions go over HTTPS and are found there, once the authority of the certificate is trusted; until then they wait on disk, and it is told why and what to do', async () => {
  const target = clickhouse.newTlsTarget();
  const said: string[] = [];
  const log = { info: () => {}, warn: (fields: object) => void said.push(JSON.stringify(fields)) };
  const warehouse = new SessionWarehouse({
    ...{ client: new ClickHouseClient(target), spoolFolder: join(tempDir(), 'spool'), spoolBytes: 50_000_000 },
    ...{ retentionMs: 3650 * dayMs, channelOf: async () => 'show', clock: systemClock, log, holdMs: 0 },
  });
  await warehouse.start();
  onTestFinished(() => warehouse.stop());
  warehouse.ended(randomSource(7).sessions(100, day, dayMs, 1));
  await until('they wait on disk', () => warehouse.stats().spooledRows === 100);
  const [warning] = await until('it is told', () => warehouse.warnings().length > 0 && warehouse.warnings());
  for (const text of [warning, said[0]]) {
    expect(text).toMatch(
      /No secure connection to ClickHouse at localhost:\d+ can be made: .*certificate.* \([A-Z_]+\)\. /,
    );
    expect(text).toMatch(/NODE_EXTRA_CA_CERTS=FILE.*\(ANALYTICS_TLS_FAILED\)/);
    expect(text).not.toContain(password);
  }
  const range = { streamId: 'st1', fromMs: day, untilMs: day + dayMs };
  const untrusting = new ClickHouseClient(target);
  onTestFinished(() => untrusting.close());
  await expect(new ClickHouseHistory(untrusting).experience(range)).rejects.toMatchObject({
    code: 'ANALYTICS_TLS_FAILED',
    httpStatus: 503,
  });

  authority.trustHere();
  await until('everything is delivered', () => warehouse.stats().delivered === 100, 30_000);
  await until('nothing is told any more', () => warehouse.warnings().length === 0);
  const history = new ClickHouseHistory(new ClickHouseClient(target));
  expect((await history.experience(range)).sessions).toBe(100);
}, 60_000);

test('a name that the certificate is not for, and a port without TLS, are refused as what they are', async () => {
  authority.trustHere();
  const select = (client: ClickHouseClient) => client.select<{ n: number }>('SELECT 1 AS n', { timeoutMs: 5000 });
  expect(await select(clientOf())).toEqual([{ n: 1 }]);
  await expect(select(clientOf({ host: '127.0.0.1' }))).rejects.toMatchObject({
    code: 'ANALYTICS_TLS_FAILED',
    message: expect.stringMatching(/127\.0\.0\.1.*ERR_TLS_CERT_ALTNAME_INVALID/),
  });
  await expect(select(clientOf({ port: clickhouse.port }))).rejects.toMatchObject({ code: 'ANALYTICS_TLS_FAILED' });
});
