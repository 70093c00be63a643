import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { Child } from '../support/child.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { freePort, RedisServer } from '../support/redis-server.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const passwords = { redis: 'nachtigall-und-lerche', clickhouse: 'amsel-drossel-fink-und-star' };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let authority: CertificateAuthority;
let redis: RedisServer;
let redisTlsPort: number;
let clickhouse: ClickHouseServer;

beforeAll(async () => {
  folder = await temporaryFolder('tls-outward');
  authority = await CertificateAuthority.create(folder.path);
  const certificate = await authority.issue('DNS:localhost');
  redisTlsPort = await freePort();
  redis = await RedisServer.startIn(
    folder.path,
    ...['--tls-port', `${redisTlsPort}`, '--tls-cert-file', certificate.certPath, '--tls-key-file'],
    ...[certificate.keyPath, '--tls-ca-cert-file', authority.certPath, '--tls-auth-clients', 'no'],
    ...['--requirepass', passwords.redis],
  );
  clickhouse = await startClickHouse({ certificate, password: passwords.clickhouse });
});
afterAll(async () => {
  await Promise.all([redis?.kill(), clickhouse?.dispose()]);
  await folder?.remove();
});

async function startServer(env: Readonly<Record<string, string>>): Promise<TestServer> {
  const server = await TestServer.start({
    env: {
      STREAMCTL_REALTIME_URL: `rediss://:${passwords.redis}@localhost:${redisTlsPort}/0`,
      STREAMCTL_ANALYTICS_URL: `clickhouse://default:${passwords.clickhouse}@localhost:${clickhouse.tlsPort}/default?tls=1`,
      ...env,
    },
  });
  onTestFinished(() => server.dispose());
  return server;
}

async function upOf(server: TestServer): Promise<{ redis: number; clickhouse: number }> {
  const ask = unixFetch(join(server.dataFolder, 'control.sock'));
  const text = await (await ask(new Request('http://localhost/metrics'))).text();
  const value = (name: string) => Number(new RegExp(`^streamctl_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { redis: value('realtime_up'), clickhouse: value('clickhouse_up') };
}

const warningsOf = async (server: TestServer) =>
  (await new ApiClient(unixFetch(join(server.dataFolder, 'control.sock'))).status()).warnings;

function expectNoPassword(server: TestServer, ...texts: readonly string[]): void {
  const search = new SecretSearch();
  for (const [name, password] of Object.entries(passwords)) search.add(name, password);
  search.look('the log', server.log);
  for (const text of texts) search.look('an answer', text);
  expect(search.finds).toEqual([]);
}

test('a server that is told the authority speaks with Redis and ClickHouse over TLS', async () => {
  const server = await startServer({ NODE_EXTRA_CA_CERTS: authority.certPath });
  const client = clickhouse.newTarget();
  await until('ClickHouse has its tables', async () => {
    const query = `http://127.0.0.1:${client.port}/?query=EXISTS%20TABLE%20default.sessions`;
    const headers = { 'x-clickhouse-user': 'default', 'x-clickhouse-key': passwords.clickhouse };
    return (await (await fetch(query, { headers })).text()).trim() === '1';
  });
  expect(await upOf(server)).toEqual({ redis: 1, clickhouse: 1 });
  expect(await (await fetch(`${server.httpUrl}/readyz`)).text()).toBe('ready\n');
  expect(await warningsOf(server)).toEqual([]);
  expectNoPassword(server);
});

test('a server that is not told it goes without the two and says what to do; broadcasts and viewers notice nothing', async () => {
  const server = await startServer({});
  const publisher = new Child('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '30', '-t', '60'],
    ...['-f', 'flv', `${server.rtmpUrl}/show`],
  ]);
  onTestFinished(async () => void (await publisher.stop('SIGKILL')));
  await server.isOnAir('show');
  await until('both are away', async () => {
    const { redis: redisUp, clickhouse: clickhouseUp } = await upOf(server);
    return redisUp === 0 && clickhouseUp === 0;
  });
  const warnings = (await warningsOf(server)).join('\n');
  expect(warnings).toMatch(/Redis at localhost:\d+ .*certificate.*NODE_EXTRA_CA_CERTS=FILE.*\(REALTIME_TLS_FAILED\)/);
  expect(warnings).toMatch(
    /ClickHouse at localhost:\d+ .*certificate.*NODE_EXTRA_CA_CERTS=FILE.*\(ANALYTICS_TLS_FAILED\)/,
  );
  expect(server.log).toContain('REALTIME_TLS_FAILED');
  expect(server.log).toContain('ANALYTICS_TLS_FAILED');
  const before = await (await fetch(`${server.httpUrl}/hls/show/source/index.m3u8`)).text();
  await until('the playlist goes on', async () => {
    const answer = await fetch(`${server.httpUrl}/hls/show/source/index.m3u8`);
    return answer.ok && (await answer.text()) !== before;
  });
  expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(200);
  expectNoPassword(server, warnings);
});
