import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildConfig } from '../../../src/config/load.ts';
import { checkCountries } from '../../../src/doctor/host/countries.ts';
import { mmdb } from '../../support/mmdb.ts';
import { tempDir } from '../../support/temp-dir.ts';

function look(path: string) {
  const { config } = buildConfig(
    { flag: undefined, env: {}, cwd: '/', flagValues: { 'analytics.geoip': path } },
    undefined,
  );
  return checkCountries({ config, server: undefined, signal: new AbortController().signal });
}

test('a GeoIP database is told with its age, one that cannot be used with what to do, none not at all', async () => {
  const path = join(tempDir(), 'countries.mmdb');
  expect(await look('')).toEqual([]);
  expect(await look(path)).toMatchObject([
    { code: 'geoip-unusable', severity: 'problem', found: expect.stringContaining(path) },
  ]);
  const builtAtMs = Date.now() - 9.5 * 86_400_000;
  const networks = { '203.0.113.0/24': { country: { iso_code: 'DE' } } };
  writeFileSync(path, mmdb({ networks, builtAtMs }));
  expect(await look(path)).toMatchObject([{ code: 'geoip', severity: 'ok', figures: { age_days: 9 } }]);
  writeFileSync(path, mmdb({ networks, builtAtMs }).subarray(0, 50));
  expect(await look(path)).toMatchObject([{ code: 'geoip-unusable', remedy: expect.stringContaining('whole') }]);
});
