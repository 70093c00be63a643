import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { systemClock } from '../../../src/base/clock.ts';
import { Delivery } from '../../../src/delivery/delivery.ts';
import { PlaybackServer, type PlaybackServerOptions } from '../../../src/delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from '../../../src/delivery/http-server.ts';
import { Feeder, type FeedRendition } from '../feeder.ts';

export const playlist = '/hls/st1/source/index.m3u8';
export const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
export const statuses = (received: string) =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]));

/** A raw connection, and all that came over it. */
export interface RawClient {
  readonly socket: Socket;
  received(): string;
  isClosed(): boolean;
}

export async function raw(port: number, text: string | Buffer = ''): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let all = '';
  let closed = false;
  socket.on('data', (bytes) => {
    all += bytes.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  socket.on('error', () => {});
  if (text.length > 0) socket.write(text);
  return { socket, received: () => all, isClosed: () => closed };
}

/** One stream behind the fast lane and, beside it, behind a plain node:http server with the same listener. */
export interface LaneRig {
  readonly delivery: Delivery;
  readonly feeder: Feeder;
  readonly video: FeedRendition;
  readonly lane: PlaybackServer;
  /** What the lane hands over to. */
  readonly full: Server;
  readonly port: number;
  readonly plainPort: number;
  stop(): Promise<void>;
}

export async function laneRig(
  change: Partial<PlaybackServerOptions> = {},
  { next = echo, server = viewerServerOptions }: { next?: RequestListener; server?: typeof viewerServerOptions } = {},
): Promise<LaneRig> {
  const clock = systemClock;
  const delivery = new Delivery({ clock });
  const feeder = new Feeder((message) => delivery.apply(message), { availabilityStartMs: Date.now() - 60_000 });
  const video = feeder.video();
  video.segment();
  const listener = createPlaybackListener(delivery, next, { clock });
  const full = createServer(server, listener);
  const lane = new PlaybackServer({
    listen: { host: '127.0.0.1', port: 0 },
    delivery,
    full,
    clock,
    maxConnections: 5000,
    ...change,
  });
  await lane.start();
  const plain = createServer(server, listener);
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const stop = async () => {
    await Promise.all([lane.stop(), closePlain(plain)]);
  };
  const plainPort = (plain.address() as AddressInfo).port;
  return { delivery, feeder, video, lane, full, port: lane.address.port, plainPort, stop };
}

async function closePlain(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** What was asked, in full, as the page's answer. */
export const echo: RequestListener = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end(`page ${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
  });
};
