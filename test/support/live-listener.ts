import { WebSocket } from 'ws';
import { type LiveMessage, liveMessage } from '../../src/contract/live-metrics.ts';
import { until } from './until.ts';

export interface ListenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** For a certificate that nobody knows. */
  readonly rejectUnauthorized?: boolean;
  readonly localAddress?: string;
}

/** Listens to a WebSocket of the server, and keeps what it hears. */
export class LiveListener {
  readonly messages: LiveMessage[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  /** HTTP status and body of an answer that refused it. */
  refusal: { readonly status: number; readonly body: string } | undefined;

  constructor(url: string, { protocols = [], ...options }: ListenOptions = {}) {
    this.socket = new WebSocket(url, [...protocols], options);
    this.socket.on('message', (data) => this.messages.push(liveMessage.parse(JSON.parse(data.toString()))));
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        this.refusal = { status, body };
      });
    });
    this.socket.on('error', () => {}); // refusals and closures are looked at by those who expect them
  }

  /** The first message of a type, as soon as it is there. */
  async hears<Type extends LiveMessage['type']>(type: Type, timeoutMs?: number): Promise<LiveMessage> {
    return await until(`a ${type} comes`, () => this.messages.find((message) => message.type === type), timeoutMs);
  }

  async isRefused(): Promise<{ readonly status: number; readonly body: string }> {
    return await until('the WebSocket is refused', () => this.refusal);
  }

  ofType(...types: readonly LiveMessage['type'][]): LiveMessage[] {
    return this.messages.filter(({ type }) => types.includes(type));
  }

  close(): void {
    this.socket.terminate();
  }
}

/** The same address for a WebSocket. */
export function socketUrl(httpUrl: string, path: string): string {
  return `${httpUrl.replace(/^http/, 'ws')}${path}`;
}

/** A path behind the control socket of a data folder. */
export function localSocketUrl(dataFolder: string, path: string): string {
  return `ws+unix:${dataFolder}/control.sock:${path}`;
}
