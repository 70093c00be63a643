import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { parseConfigFile } from '../../src/config/file.ts';
import { buildConfig } from '../../src/config/load.ts';
import { connectEvents } from '../../src/events/connect-events.ts';
import type { Log } from '../../src/observability/log.ts';
import { openStore } from '../../src/store/open.ts';
import { tempDir } from '../support/temp-dir.ts';

async function connected(text: string) {
  const dataDir = tempDir();
  const store = await openStore({ url: `sqlite:${join(dataDir, 'streamctl.db')}` });
  const { config } = buildConfig({ env: {}, cwd: dataDir }, parseConfigFile('streamctl.yaml', text));
  const warnings: object[] = [];
  const log = { info: () => {}, warn: (fields: object) => void warnings.push(fields) } as unknown as Log;
  const events = await connectEvents({ config, store, node: 'n', clock: systemClock, log });
  onTestFinished(async () => {
    await events.stop();
    await store.close();
  });
  return { store, events, warnings };
}

test('where nobody is configured the store is the store, and every verdict stands', async () => {
  const { store, events } = await connected('');
  expect(events.store).toBe(store);
  expect(await events.outgoing.status()).toEqual([]);
  expect(events.outgoing.deliveredUpTo()).toBeUndefined();
  const verdict = { allowed: true, grant: { channel: 'c' } } as const;
  expect(await events.confirm({ app: 'live', remoteAddress: '::1', encoder: '' }, verdict)).toBe(verdict);
});

test('a webhook that only authorizes gets no events', async () => {
  const { events } = await connected('webhooks: [{ url: "https://h.example/", events: [authorize] }]');
  expect(await events.outgoing.status()).toEqual([]);
});

test('a type that no event has is told of', async () => {
  const { events, warnings } = await connected(
    'webhooks: [{ url: "https://h.example/", events: [authorize, stream.*, key.craeted] }]',
  );
  expect(warnings).toEqual([{ pattern: 'key.craeted' }]);
  expect(await events.outgoing.status()).toMatchObject([{ kind: 'webhook', place: 'h.example' }]);
  expect(events.outgoing.deliveredUpTo()).toBe(0);
});
