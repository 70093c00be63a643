import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { isPublicAddress, publicLookup } from '../../../src/events/webhook/public-address.ts';
import { WebhookCaller } from '../../../src/events/webhook/webhook-caller.ts';
import { WebhookListener } from '../../support/webhook-listener.ts';

const noAddresses: Record<string, string> = {
  localhost: '127.0.0.1',
  'ip6-localhost': '::1',
  'metadata.google.internal': '169.254.169.254',
  'inside.example.org': '10.0.0.7',
  'mixed.example.org': '93.184.215.14,192.168.0.9',
  'mapped.example.org': '::ffff:127.0.0.1',
  'nothing.example.org': '',
};

async function resolveFixed(hostname: string): Promise<LookupAddress[]> {
  const addresses = (noAddresses[hostname.replace(/\.$/, '')] ?? '').split(',').filter((text) => text !== '');
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

/** What somebody might write to reach what is not theirs; all of them mean this machine, its network or the cloud's services. */
const hostileUrls = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://127.0.0.1.:8080/',
  'http://0/',
  'http://0.0.0.0/',
  'http://10.1.2.3/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://168.63.129.16/',
  'http://100.100.100.200/',
  'http://192.0.0.192/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://[100::1]/',
  'http://[2001:db8::1]/',
  'http://①②⑦.⓪.⓪.①/',
  'http://user:hunter2@127.0.0.1/',
  ...Object.keys(noAddresses).map((name) => `http://${name}/`),
  'http://LOCALHOST./',
];

test.each(hostileUrls)('%s is not called', async (url) => {
  const caller = new WebhookCaller({ url, events: [], secret: '', allowsPrivate: false }, systemClock, resolveFixed);
  const call = caller.post({ id: 'x', body: '{}' }, AbortSignal.timeout(3000));
  await expect(call).rejects.toMatchObject({ code: 'EVENTS_TARGET_PRIVATE' });
  await caller.close();
});

test.each(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '8.8.8.8'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test('what was looked at is what is connected to: a name is asked for once', async () => {
  const answers = ['93.184.215.14', '127.0.0.1'];
  const rebinding = async () => [{ address: answers.shift()!, family: 4 }];
  const connectTo = () =>
    new Promise((resolve) =>
      publicLookup(rebinding)('rebind.example.org', { all: true }, (_error, found) => resolve(found)),
    );
  expect(await connectTo()).toEqual([{ address: '93.184.215.14', family: 4 }]);
  expect(answers).toEqual(['127.0.0.1']);
  expect(await connectTo()).toEqual([]);
});

test('a name that answers differently the second time is refused the second time, whatever port listens here', async () => {
  const listener = await WebhookListener.start();
  const url = listener.url.replace('127.0.0.1', 'rebind.example.org');
  let lookups = 0;
  const webhook = { url, events: [], secret: '', allowsPrivate: false };
  const caller = new WebhookCaller(webhook, systemClock, async () => {
    lookups++;
    return [{ address: '127.0.0.1', family: 4 }];
  });
  for (let i = 0; i < 3; i++) {
    const call = caller.post({ id: 'x', body: '{}' }, AbortSignal.timeout(3000));
    await expect(call).rejects.toMatchObject({ code: 'EVENTS_TARGET_PRIVATE' });
  }
  expect(lookups).toBe(3);
  expect(listener.calls).toEqual([]);
  await caller.close();
});

test('an operator may mean this machine', async () => {
  const listener = await WebhookListener.start();
  const webhook = { url: listener.url, events: [], secret: '', allowsPrivate: true };
  const caller = new WebhookCaller(webhook, systemClock);
  expect(await caller.post({ id: 'x', body: '{}' }, AbortSignal.timeout(3000))).toMatchObject({ status: 204 });
  await caller.close();
});
