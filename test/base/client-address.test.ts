import { expect, test } from 'vitest';
import { clientAddress, TrustedProxies } from '../../src/base/client-address.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8:1::/48']);

test.each([
  ['192.0.2.1', { 'x-forwarded-for': '203.0.113.9' }, '192.0.2.1'],
  ['::ffff:192.0.2.1', {}, '192.0.2.1'],
  ['10.0.0.1', {}, '10.0.0.1'],
  ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
  ['::ffff:10.0.0.1', { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9'],
  ['2001:db8:1::5', { 'x-forwarded-for': '2001:db8:2::9' }, '2001:db8:2::9'],
  // What stands left of the last address that is no proxy, a stranger wrote.
  ['10.0.0.1', { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.7' }, '203.0.113.9'],
  ['10.0.0.1', { 'x-forwarded-for': ['1.1.1.1', '203.0.113.9'] }, '203.0.113.9'],
  ['10.0.0.1', { 'x-forwarded-for': '10.0.0.3,10.0.0.2' }, '10.0.0.3'],
  ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9:4711' }, '203.0.113.9'],
  ['10.0.0.1', { 'x-forwarded-for': '[2001:db8:2::9]:4711' }, '2001:db8:2::9'],
  ['10.0.0.1', { 'x-forwarded-for': '1.1.1.1, unknown, 10.0.0.7' }, '10.0.0.7'],
  ['10.0.0.1', { 'x-forwarded-for': 'x'.repeat(9000) }, '10.0.0.1'],
  ['10.0.0.1', { 'x-forwarded-for': `1.1.1.1${',10.0.0.2'.repeat(1000)}` }, '10.0.0.2'],
  ['10.0.0.1', { forwarded: 'for=203.0.113.9;proto=https, for=10.0.0.7' }, '203.0.113.9'],
  ['10.0.0.1', { forwarded: 'By=10.0.0.1; For="[2001:db8:2::9]:4711"' }, '2001:db8:2::9'],
  ['10.0.0.1', { forwarded: 'proto=https' }, '10.0.0.1'],
  // A proxy that writes the one header passes the other on as it came.
  ['10.0.0.1', { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=1.1.1.1' }, '203.0.113.9'],
  ['', { 'x-forwarded-for': '203.0.113.9' }, ''],
])('from %s with %j it is %s', (peer, headers, expected) => {
  expect(clientAddress(peer, headers, proxies)).toBe(expected);
});
