import { createHash } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';

/** One answer, with when its bytes came (ms of `performance.now()`). */
export interface Fetched {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  readonly sha256: string;
  readonly requestedMs: number;
  readonly firstByteMs: number;
  readonly lastByteMs: number;
  /** How many bytes had come at which time. */
  readonly arrivals: readonly { readonly atMs: number; readonly totalBytes: number }[];
}

export interface FetchOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'HEAD';
  readonly timeoutMs?: number;
}

/** What rules need of a fetcher; tests of the rules answer by themselves. */
export type Fetching = Pick<Fetcher, 'fetch'>;

/** Fetches over connections of its own and notes the time of every piece of the body. Rejects when there is no whole answer. */
export class Fetcher {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  fetch(url: string, { headers = {}, method = 'GET', timeoutMs = 20_000 }: FetchOptions = {}): Promise<Fetched> {
    const requestedMs = performance.now();
    const options: RequestOptions = { agent: this.agent, method, headers, timeout: timeoutMs };
    return new Promise((resolve, reject) => {
      const call = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        const arrivals: { atMs: number; totalBytes: number }[] = [];
        let totalBytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          totalBytes += chunk.length;
          arrivals.push({ atMs: performance.now(), totalBytes });
        });
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const now = performance.now();
          resolve({
            url,
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            sha256: createHash('sha256').update(body).digest('hex'),
            requestedMs,
            firstByteMs: arrivals[0]?.atMs ?? now,
            lastByteMs: arrivals.at(-1)?.atMs ?? now,
            arrivals,
          });
        });
      });
      call.on('timeout', () => call.destroy(new Error(`no answer from ${url} within ${timeoutMs} ms`)));
      call.on('error', reject);
      call.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
