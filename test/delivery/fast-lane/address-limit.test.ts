import { expect, test } from 'vitest';
import { TrustedProxies } from '../../../src/base/client-address.ts';
import { AddressLimit } from '../../../src/delivery/fast-lane/address-limit.ts';

/** How many of three connections an address is given when the cap is one. */
function given(limit: AddressLimit, address: string): number {
  return [1, 2, 3].filter(() => limit.enter(address)).length;
}

const trusted = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '2a00::1', '::ffff:198.51.100.0/120', 'fe80::/10'];

for (const address of [
  '10.255.0.1',
  '192.0.2.7',
  '2001:db8:ffff::1',
  '2a00:0::1',
  '::ffff:10.1.2.3',
  '198.51.100.9',
  'fe80::5%eth0',
]) {
  test(`${address} is a trusted proxy, and not counted`, () => {
    expect(given(new AddressLimit(1, new TrustedProxies(trusted)), address)).toBe(3);
  });
}

for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '2a00::2', '::ffff:11.0.0.1', '198.51.101.9', '::1']) {
  test(`${address} is none, and held to the cap`, () => {
    expect(given(new AddressLimit(1, new TrustedProxies(trusted)), address)).toBe(1);
  });
}

test('a network of all addresses trusts every one of its family', () => {
  expect(given(new AddressLimit(1, new TrustedProxies(['0.0.0.0/0'])), '203.0.113.1')).toBe(3);
  expect(given(new AddressLimit(1, new TrustedProxies(['0.0.0.0/0'])), '2001:db8::1')).toBe(1);
  expect(given(new AddressLimit(1, new TrustedProxies(['::/0'])), '2001:db8::1')).toBe(3);
});

test('room comes back with each connection that leaves, also with one that was refused', () => {
  const limit = new AddressLimit(2, new TrustedProxies([]));
  expect([1, 2, 3].map(() => limit.enter('192.0.2.1'))).toEqual([true, true, false]);
  limit.leave('192.0.2.1');
  expect(limit.enter('192.0.2.1')).toBe(false); // the refused one still lingers
  for (let count = 0; count < 3; count++) limit.leave('192.0.2.1');
  expect([1, 2, 3].map(() => limit.enter('192.0.2.1'))).toEqual([true, true, false]);
});

test('each address has a share of its own, and a connection that is gone already needs none', () => {
  const limit = new AddressLimit(1, new TrustedProxies(trusted));
  expect(['192.0.2.1', '192.0.2.2', '', ''].map((address) => limit.enter(address))).toEqual([true, true, true, true]);
  limit.leave('');
  expect(limit.enter('192.0.2.1')).toBe(false);
});

test('without a cap there is room for everybody', () => {
  expect(given(new AddressLimit(0, new TrustedProxies([])), '192.0.2.1')).toBe(3);
});
