import { Agent as PlainAgent, type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure, Agent as SecureAgent } from 'node:https';

export interface OwnPortOptions {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly userAgent: string;
  /** For one answer, ms. */
  readonly timeoutMs: number;
}

export interface PortAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** More than the longest segment of any sane bit rate. */
const maxBodyBytes = 256 << 20;

/** Asks this server over its own HTTP port, as anybody would, on one connection. */
export class OwnPort {
  private readonly options: OwnPortOptions;
  private readonly agent: PlainAgent;

  constructor(options: OwnPortOptions) {
    this.options = options;
    // Certificates are of names, and this asks by address: whether they are good, viewers' browsers and `streamctl doctor` say.
    this.agent = options.isTls
      ? new SecureAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
      : new PlainAgent({ keepAlive: true, maxSockets: 1 });
  }

  /** Rejects when there is no whole answer in time. */
  get(path: string, signal: AbortSignal): Promise<PortAnswer> {
    const { host, port, isTls, userAgent, timeoutMs } = this.options;
    const { agent } = this;
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const options: RequestOptions = { host, port, path, agent, headers: { 'user-agent': userAgent }, signal: within };
    return new Promise((resolve, reject) => {
      const request = (isTls ? requestSecure : requestPlain)(options, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > maxBodyBytes) request.destroy(new Error('the answer has no end'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** Where a server that listens on this host can be reached from its own machine. */
export function ownHost(listenHost: string): string {
  if (listenHost === '0.0.0.0' || listenHost === '') return '127.0.0.1';
  return listenHost === '::' ? '::1' : listenHost;
}
