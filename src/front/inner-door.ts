import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ControlSocket } from '../api/control-socket.ts';
import { problemResponse } from '../api/problem.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import { isForbiddenToOtherSite, pathOf } from './control-paths.ts';
import { clientAddressHeader } from './inner-headers.ts';

/** Whoever asks over the HTTP port, as far as that is known without asking back. */
export interface OuterRequest {
  /** Of who asks; behind trusted proxies, of who asks them. */
  readonly remoteAddress: string;
}

export interface InnerDoorOptions {
  /** In a folder that nobody else may look into. */
  readonly socketPath: string;
  readonly fetch: (request: Request, from: OuterRequest) => Response | Promise<Response>;
  readonly upgrade?: (incoming: IncomingMessage, socket: Socket, head: Buffer, from: OuterRequest) => void;
}

/** Control's end of the way from delivery: what comes here comes from outside, so it is nobody's until it shows a token. */
export class InnerDoor implements Service {
  private readonly socket: ControlSocket;

  constructor({ socketPath, fetch, upgrade }: InnerDoorOptions) {
    this.socket = new ControlSocket({
      path: socketPath,
      fetch: (request, incoming) => {
        const site = request.headers.get('sec-fetch-site') ?? undefined;
        if (isForbiddenToOtherSite(pathOf(incoming), site)) {
          return problemResponse(new StreamctlError('API_CROSS_SITE', {}));
        }
        return fetch(request, outerRequest(incoming));
      },
      upgrade: upgrade && ((incoming, socket, head) => upgrade(incoming, socket, head, outerRequest(incoming))),
    });
  }

  start(): Promise<void> {
    return this.socket.start();
  }

  stop(): Promise<void> {
    return this.socket.stop();
  }
}

function outerRequest({ headers }: IncomingMessage): OuterRequest {
  const address = headers[clientAddressHeader];
  return { remoteAddress: typeof address === 'string' ? address : '' };
}
