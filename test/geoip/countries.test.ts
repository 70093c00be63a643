import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Countries } from '../../src/geoip/countries.ts';
import { openCountryDatabase } from '../../src/geoip/country-database.ts';
import { mmdb, writeCountries } from '../support/mmdb.ts';
import { tempDir } from '../support/temp-dir.ts';

const silent = { info: () => {}, warn: () => {} };

function fileOf(bytes: Uint8Array): string {
  const path = join(tempDir(), 'test.mmdb');
  writeFileSync(path, bytes);
  return path;
}

test('addresses of both families are found, to the last bit', async () => {
  const path = join(tempDir(), 'test.mmdb');
  writeCountries(path, {
    '203.0.113.0/25': 'DE',
    '203.0.113.128/25': 'FR',
    '2001:db8:7::/48': 'SE',
    '198.51.100.7/32': 'GB',
  });
  const { of } = await Countries.open(path, silent);
  const asked = [
    ...['203.0.113.127', '203.0.113.128', '2001:db8:7::1', '2001:db8:7:ffff::', '198.51.100.7', '::ffff:203.0.113.1'],
    ...['203.0.112.255', '198.51.100.8', '2001:db8:8::', '127.0.0.1', '', 'nobody', 'fe80::1%eth0'],
  ];
  expect(asked.map(of)).toEqual(['DE', 'FR', 'SE', 'SE', 'GB', 'DE', 'ZZ', 'ZZ', 'ZZ', 'ZZ', 'ZZ', 'ZZ', 'ZZ']);
});

test('the country of use counts before that of registration, and what is no code is unknown', async () => {
  const networks = {
    '192.0.2.0/26': { country: { iso_code: 'CH' }, registered_country: { iso_code: 'US' } },
    '192.0.2.64/26': { registered_country: { iso_code: 'US' }, continent: { code: 'NA' } },
    '192.0.2.128/26': { continent: { code: 'EU' } },
    '192.0.2.192/26': { country: { iso_code: "d';--" } },
  };
  const database = await openCountryDatabase(
    fileOf(mmdb({ networks, databaseType: 'GeoIP2-City', builtAtMs: 1_795_000_001_000 })),
  );
  expect(database).toMatchObject({ type: 'GeoIP2-City', builtAtMs: 1_795_000_001_000 });
  const asked = ['192.0.2.1', '192.0.2.65', '192.0.2.129', '192.0.2.193'];
  expect(asked.map((address) => database.countryOf(address))).toEqual(['CH', 'US', 'ZZ', 'ZZ']);
});

const good = mmdb({ networks: { '203.0.113.0/24': { country: { iso_code: 'DE' } } } });
const bad: Readonly<Record<string, Uint8Array>> = {
  empty: Buffer.alloc(0),
  'something else': Buffer.from('<html>Sign in to download</html>'.repeat(99)),
  'cut off at its end': good.subarray(0, good.length - 30),
  'without its beginning': good.subarray(good.length - 200),
  'of networks, not countries': mmdb({ networks: { '203.0.113.0/24': { asn: 1 } }, databaseType: 'GeoLite2-ASN' }),
};

test.each(Object.entries(bad))('a file that is %s is refused with what to do', async (_, bytes) => {
  await expect(openCountryDatabase(fileOf(bytes))).rejects.toMatchObject({
    code: 'ANALYTICS_GEOIP_UNUSABLE',
    remedy: expect.stringContaining('GeoLite2-Country.mmdb'),
  });
});

test('a file that is not there, and a folder, are refused with what to do', async () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'folder.mmdb'));
  for (const [name, reason] of [
    ['none.mmdb', 'ENOENT'],
    ['folder.mmdb', 'EISDIR'],
  ] as const) {
    await expect(openCountryDatabase(join(folder, name))).rejects.toMatchObject({
      code: 'ANALYTICS_GEOIP_UNREADABLE',
      details: { reason },
    });
  }
});

test('of a database with a byte wrong, an address is refused, unknown, or has a country', async () => {
  let survivors = 0;
  for (let at = 0; at < good.length; at += 3) {
    const bytes = Buffer.from(good);
    bytes[at] = bytes[at]! ^ (1 << (at % 8));
    const path = fileOf(bytes);
    const database = await openCountryDatabase(path).catch((error) => {
      expect(error.code).toBe('ANALYTICS_GEOIP_UNUSABLE');
    });
    if (database === undefined) continue;
    survivors++;
    for (const address of ['203.0.113.9', '8.8.8.8', '2001:db8::1'])
      expect(database.countryOf(address)).toMatch(/^[A-Z]{2}$/);
  }
  expect(survivors).toBeGreaterThan(50);
});

test('a file that was replaced counts after the reload; one that cannot be used leaves the old one in place', async () => {
  const path = join(tempDir(), 'test.mmdb');
  writeCountries(path, { '203.0.113.0/24': 'DE' });
  const told: string[] = [];
  const log = {
    info: (_: object, text: string) => void told.push(text),
    warn: (_: object, text: string) => void told.push(text),
  };
  const countries = await Countries.open(path, log as never);
  writeCountries(path, { '203.0.113.0/24': 'AT' });
  expect(countries.of('203.0.113.1')).toBe('DE');
  await countries.reload();
  expect(countries.of('203.0.113.1')).toBe('AT');
  writeFileSync(path, good.subarray(0, 100));
  await countries.reload();
  expect(countries.of('203.0.113.1')).toBe('AT');
  expect(told).toEqual(['GeoIP database read again', 'the GeoIP database cannot be read again: the old one stays']);
});
