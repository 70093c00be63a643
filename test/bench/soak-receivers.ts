import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '../../src/client/api-client.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

export interface SoakReceiversReport {
  readonly minutes: number;
  readonly written: number;
  readonly receivers: readonly {
    readonly name: string;
    readonly arrived: number;
    readonly duplicates: number;
    readonly missing: number;
    readonly outOfOrder: number;
  }[];
  readonly serverRssBytes: { readonly start: number; readonly end: number };
}

/** How a receiver misbehaves; each is well for the last minute. */
const manners = {
  well: () => 'answer',
  down: (second: number) => (second % 180 < 90 ? 'down' : 'answer'),
  failing: (second: number) => (second % 60 < 40 ? 'fail' : 'answer'),
  hanging: (second: number) => (second % 120 < 60 ? 'hang' : 'answer'),
  flooding: (second: number) => (second % 2 === 0 ? 'flood' : 'answer'),
} as const satisfies Record<string, (second: number) => 'answer' | 'down' | 'fail' | 'hang' | 'flood'>;

type Manner = keyof typeof manners;

/** A real server tells its events to receivers that are down, fail, hang or flood it for minutes, and is killed now and then. */
export async function soakReceivers({ minutes }: { readonly minutes: number }): Promise<SoakReceiversReport> {
  const isOver = { value: false };
  const receivers = await Promise.all(
    (Object.keys(manners) as Manner[]).map((name) => receiver(name, () => isOver.value)),
  );
  const webhooks = receivers.map(({ url }) => ({ url, events: ['key.created'], allow_private: true }));
  const server = await TestServer.start({ env: { STREAMCTL_WEBHOOKS: JSON.stringify(webhooks) } });
  try {
    const client = () => new ApiClient(unixFetch(join(server.dataFolder, 'control.sock')));
    const startRss = (await client().status()).memory.rss_bytes;
    const written: string[] = [];
    const endsAtMs = Date.now() + minutes * 60_000;
    for (let i = 0; Date.now() < endsAtMs; i++) {
      written.push((await client().createKey({ channel: `soak-${i}` })).channel);
      await delay(200);
      if (i % 600 === 599) {
        await server.crash();
        await server.launch();
      }
    }
    isOver.value = true;
    const endRss = (await client().status()).memory.rss_bytes;
    const hasAll = ({ arrived }: (typeof receivers)[0]) => new Set(arrived).size === written.length;
    await until('everybody has all', () => receivers.every(hasAll), 400_000).catch(() => {});
    return {
      minutes,
      written: written.length,
      receivers: receivers.map(({ name, arrived }) => ({ name, ...judge(arrived, written) })),
      serverRssBytes: { start: startRss, end: endRss },
    };
  } finally {
    await server.dispose();
    for (const { close } of receivers) close();
  }
}

function judge(arrived: readonly string[], written: readonly string[]) {
  const first = [...new Set(arrived)];
  const expected = written.filter((channel) => first.includes(channel));
  return {
    arrived: first.length,
    duplicates: arrived.length - first.length,
    missing: written.length - first.length,
    outOfOrder: first.filter((channel, i) => channel !== expected[i]).length,
  };
}

async function receiver(name: Manner, isOver: () => boolean) {
  const startedAtMs = Date.now();
  const arrived: string[] = [];
  const mannerNow = () => (isOver() ? 'answer' : manners[name](Math.floor((Date.now() - startedAtMs) / 1000)));
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const manner = mannerNow();
    if (manner === 'down') request.socket.destroy();
    else if (manner === 'fail') response.writeHead(500).end();
    else if (manner !== 'hang') {
      arrived.push((JSON.parse(Buffer.concat(chunks).toString()) as { channel: string }).channel);
      response.writeHead(200);
      if (manner === 'answer') response.end();
      else pour(response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { name, arrived, close, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}` };
}

/** Sends for as long as somebody reads. */
function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  if (!response.destroyed) response.once('drain', () => pour(response));
}
