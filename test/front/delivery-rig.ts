import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import type { CertificatePair } from '../../src/base/certificate-pair.ts';
import { TrustedProxies } from '../../src/base/client-address.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Delivery } from '../../src/delivery/delivery.ts';
import { newLaneTimes } from '../../src/delivery/request-times.ts';
import { ControlLink, type ControlLinkLimits } from '../../src/front/control-link.ts';
import { asksForWebSocket } from '../../src/front/control-paths.ts';
import { frontListener } from '../../src/front/front-listener.ts';
import { InnerDoor, type InnerDoorOptions } from '../../src/front/inner-door.ts';
import { makeInnerFolder } from '../../src/front/inner-folder.ts';
import { DeliverySide } from '../../src/threads/delivery-side.ts';
import { tempDir } from '../support/temp-dir.ts';

const log = pino({ level: 'silent' });

/** Control's end of the way from delivery, answering with `fetch`. */
export async function startDoor(options: Omit<InnerDoorOptions, 'socketPath'>): Promise<string> {
  const { socketPath, remove } = makeInnerFolder(join(tempDir(), 'data'));
  const door = new InnerDoor({ socketPath, ...options });
  await door.start();
  onTestFinished(async () => {
    await door.stop();
    remove();
  });
  return socketPath;
}

export interface RigOptions {
  readonly certificate?: CertificatePair;
  readonly trustedProxies?: readonly string[];
}

/** A real delivery side in this thread, that goes to `innerSocketPath` for what is control's; gives its port. */
export async function startDelivery(innerSocketPath: string, options: RigOptions = {}): Promise<number> {
  const listen = { host: '127.0.0.1', port: 0 };
  const side = new DeliverySide(
    { listen, isPortShared: false, maxConnections: 1000, maxPerIp: 0, innerSocketPath, ...options },
    new Delivery({ clock: systemClock }),
    { figures: () => {}, viewerEvents: () => {}, log },
  );
  onTestFinished(() => side.stop());
  return await side.start();
}

/** The front alone, on node:http, with limits of the test's. */
export async function startFront(socketPath: string, limits: Partial<ControlLinkLimits>): Promise<number> {
  const control = new ControlLink({ socketPath, proxies: new TrustedProxies([]), limits });
  const times = newLaneTimes();
  const front = frontListener({ pages: () => undefined, readiness: () => 'ready', control, times, log });
  const server: Server = createServer({ shouldUpgradeCallback: asksForWebSocket }, front);
  server.on('upgrade', (request, socket: Socket, head) => control.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    control.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request on a connection of its own; rejects when the answer breaks off. */
export async function ask(
  port: number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string | Buffer } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false });
    request.on('error', reject);
    request.on('response', async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() });
      } catch (error) {
        reject(error);
      }
    });
    request.end(body);
  });
}
