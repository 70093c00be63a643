import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StreamAnalyticsView, streamAnalyticsView } from '../../src/contract/stream-analytics.ts';
import { writeCountries } from '../support/mmdb.ts';
import { publishTestPicture } from '../support/publishers/ffmpeg.ts';
import { TestServer } from '../support/server.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { eventually, until } from '../support/until.ts';

let server: TestServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: string;

beforeAll(async () => {
  folder = await temporaryFolder('countries');
  database = join(folder.path, 'countries.mmdb');
  writeCountries(database, { '203.0.113.0/24': 'DE', '198.51.100.0/24': 'FR', '2001:db8::/32': 'SE' });
  server = await TestServer.start({
    env: {
      STREAMCTL_ANALYTICS_GEOIP: database,
      STREAMCTL_HTTP_TRUSTED_PROXIES: '127.0.0.1',
      STREAMCTL_RTMP_GRACE: '1s',
    },
  });
});

afterAll(async () => {
  await server?.dispose();
  await folder?.remove();
});

async function metrics(name: string): Promise<StreamAnalyticsView> {
  const token = (await readFile(join(server.dataFolder, 'admin.token'), 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${server.httpUrl}/metrics/${name}`, { headers });
  return streamAnalyticsView.parse(await answer.json());
}

/** A player behind a proxy looks at the playlist, and tells how it fared when `ends`. */
async function watches(address: string, sessionId: string, ends = false): Promise<void> {
  const headers = { 'x-forwarded-for': address };
  const playlist = `${server.httpUrl}/hls/show/source/index.m3u8?CMCD=${encodeURIComponent(`sid="${sessionId}"`)}`;
  await (await fetch(playlist, { headers })).text();
  if (!ends) return;
  const line = `cid="show",e=ps,sid="${sessionId}",sta=e,ts=${Date.now()},v=2\n`;
  const report = await fetch(`${server.httpUrl}/cmcd`, {
    ...{ method: 'POST', body: line, headers: { ...headers, 'content-type': 'application/cmcd' } },
  });
  expect(report.status).toBe(204);
}

const countries = ({ by_country: list }: StreamAnalyticsView, of: 'viewers' | 'sessions') =>
  Object.fromEntries(list.filter((one) => one[of] > 0).map((one) => [one.country, one[of]]));

test('countries of viewers are told while they watch, when they have left, after a new database, and after a restart', async () => {
  const publisher = publishTestPicture({ url: server.rtmpUrl, key: 'show' }, 60, { keyframeSeconds: 1 });
  await server.isOnAir('show');
  await eventually(async () => {
    await watches('203.0.113.7', 'a');
    await watches('203.0.113.8', 'b');
    await watches('198.51.100.9', 'c');
    await watches('2001:db8:7::1', 'd');
    await watches('192.0.2.1', 'e');
    expect(countries(await metrics('show'), 'viewers')).toEqual({ DE: 2, FR: 1, SE: 1, ZZ: 1 });
  });

  // The next database knows better; sessions that were begun stay as they are.
  writeCountries(database, { '203.0.113.0/24': 'AT', '192.0.2.0/24': 'CH' });
  process.kill(server.processId, 'SIGHUP');
  await until('it is read again', () => server.log.includes('GeoIP database read again'));
  await watches('192.0.2.200', 'f', true);
  const { stream_id: id } = await metrics('show');
  const sessions = { DE: 2, FR: 1, SE: 1, ZZ: 1, CH: 1 };
  await eventually(async () => expect(countries(await metrics(id), 'sessions')).toEqual(sessions));

  await publisher.kill();
  await server.stop();
  await server.launch();
  await eventually(async () => {
    const after = await metrics(id);
    expect(after.now.health).toBeNull(); // the broadcast has ended
    expect(countries(after, 'sessions')).toEqual(sessions);
    expect(countries(after, 'viewers')).toEqual({});
    expect(after.series).toMatchObject({ resolution: '1m' });
    expect(after.series.points.reduce((sum, { frames }) => sum + frames, 0)).toBeGreaterThan(30);
  });
  expect(server.log).not.toMatch(/203\.0\.113\.[78]/);
});

test('a server whose database is damaged does not start, and says what to do', async () => {
  await server.stop();
  await writeFile(database, 'not found');
  await expect(server.launch()).rejects.toThrow(/ANALYTICS_GEOIP_UNUSABLE|is no GeoIP database/);
});
