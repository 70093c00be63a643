import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type LiveMessage, nodeMetrics } from '../../src/contract/live-metrics.ts';
import { LatencyHistogram } from '../../src/load/latency-histogram.ts';
import { readProcessUsage } from '../../src/load/process-usage.ts';
import type { Peer } from './peers/peer.ts';
import { startStreamctl } from './peers/streamctl.ts';
import type { Report } from './report.ts';
import { startSmallBroadcast } from './small-broadcast.ts';

export interface SocketsOptions {
  /** WebSockets at once. */
  readonly sockets: number;
  readonly seconds: number;
}

/** The server lets so many in from one address. */
const socketsPerAddress = 200;
const openAtOnce = 50;
const notifications = 20;

/** What WebSockets that listen to the node cost, how late notifications reach them, and what the media thread notices of them. */
export async function benchSockets(options: SocketsOptions, report: Report, signal: AbortSignal): Promise<void> {
  const peer = await startStreamctl({ ladder: { mode: 'off' } }, signal);
  const broadcast = await startSmallBroadcast(peer, 0, signal);
  const port = Number(new URL(peer.playlistUrl!(0)).port);
  const authorization = `Bearer ${readFileSync(join(dirname(peer.databaseFile!), 'admin.token'), 'utf8').trim()}`;
  const headers = { authorization };
  const sockets: WebSocket[] = [];
  const delays = new LatencyHistogram();
  let newest: LiveMessage | undefined;
  let heard = 0;
  try {
    const alone = await measure(peer, options.seconds, signal);
    for (let index = 0; index < options.sockets; index++) {
      const localAddress = `127.0.1.${1 + Math.floor(index / socketsPerAddress)}`;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/metrics`, { headers, localAddress });
      socket.on('message', (data) => {
        heard++;
        const text = data.toString();
        if (text.startsWith('{"type":"key"')) {
          const { data: event } = JSON.parse(text) as { readonly data: { readonly time: string } };
          delays.add(Date.now() - Date.parse(event.time));
        } else if (socket === sockets[0] && text.startsWith('{"type":"snapshot"')) newest = JSON.parse(text);
      });
      sockets.push(socket);
      if (index % openAtOnce === 0)
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    }
    while (sockets.some(({ readyState }) => readyState === WebSocket.CONNECTING))
      await delay(50, undefined, { signal });
    const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
    heard = 0;
    const notifying = notify(port, headers, (options.seconds * 1000) / (notifications + 1));
    const listened = await measure(peer, options.seconds, signal);
    await notifying;
    const node = nodeMetrics.parse(newest?.data);
    const figures = {
      sockets: open,
      messages_per_second: Math.round(heard / options.seconds),
      core_percent: { without: alone.corePercent, with: listened.corePercent },
      kib_per_socket: Math.round((listened.residentBytes - alone.residentBytes) / open / 102.4) / 10,
      notification_ms: delays.distribution(),
      part_latency_ms: node.streams[0]?.latency_ms.part,
      dropped_frames: node.streams[0]?.ingest?.dropped_frames,
    };
    report.line({ ...options, ...figures });
    report.table(Object.entries(figures).map(([name, value]) => [name, JSON.stringify(value)]));
  } finally {
    for (const socket of sockets) socket.terminate();
    await broadcast.stop();
    await peer.stop();
  }
}

/** Makes keys: each is an event that all sockets are told of. */
async function notify(port: number, headers: Readonly<Record<string, string>>, everyMs: number): Promise<void> {
  for (let number = 0; number < notifications; number++) {
    await delay(everyMs);
    const body = JSON.stringify({ channel: `made-${number}` });
    const response = await fetch(`http://127.0.0.1:${port}/keys`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

async function measure({ pid }: Peer, seconds: number, signal: AbortSignal) {
  const before = readProcessUsage(pid);
  await delay(seconds * 1000, undefined, { signal });
  const after = readProcessUsage(pid);
  const corePercent = Math.round((after.cpuMs - before.cpuMs) / seconds) / 10;
  return { corePercent, residentBytes: after.residentBytes };
}
