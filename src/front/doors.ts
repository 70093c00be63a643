import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type CredentialsOptions, identifyBearer } from '../access/identify.ts';
import type { Identify } from '../api/admission.ts';
import type { Api, ApiEnv } from '../api/api-env.ts';
import { ControlSocket } from '../api/control-socket.ts';
import { InnerDoor } from './inner-door.ts';

/** From where a request comes: over the control socket, or from an address. */
export type From = ApiEnv['Bindings'];

/** Takes a connection that is to become a WebSocket. */
export type Upgrade = (incoming: IncomingMessage, socket: Socket, head: Buffer, from: From) => void;

export interface DoorsOptions {
  readonly api: Api;
  readonly upgrade?: Upgrade;
  /** `control.socket`. */
  readonly controlSocketPath: string;
  /** Where delivery threads come. */
  readonly innerSocketPath: string;
}

/** Who asks: whoever comes over the control socket may do everything, everybody else is who the token says. */
export function identifyBy(credentials: CredentialsOptions): Identify {
  return async (request, { isLocal }) =>
    isLocal ? { kind: 'local' } : identifyBearer(request.headers.get('authorization'), credentials);
}

/** Opens the API to those on this machine and to those who come through delivery; the returned function closes both. */
export async function openDoors(options: DoorsOptions): Promise<() => Promise<void>> {
  const { api, upgrade, controlSocketPath, innerSocketPath } = options;
  const local: From = { isLocal: true };
  const control = new ControlSocket({
    path: controlSocketPath,
    fetch: (request) => api.fetch(request, local),
    upgrade: upgrade && ((incoming, socket, head) => upgrade(incoming, socket, head, local)),
  });
  const inner = new InnerDoor({
    socketPath: innerSocketPath,
    fetch: (request, from) => api.fetch(request, from),
    upgrade,
  });
  await control.start();
  try {
    await inner.start();
  } catch (error) {
    await control.stop();
    throw error;
  }
  return async () => {
    await Promise.all([control.stop(), inner.stop()]);
  };
}
