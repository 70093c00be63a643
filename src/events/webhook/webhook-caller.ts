import { Agent, type Dispatcher, request } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { boundedText } from '../../base/failure-text.ts';
import type { WebhookConfig } from '../../config/webhook.ts';
import { checkLiteralHost, publicLookup, type ResolveHost } from './public-address.ts';
import { signingKey, webhookHeaders } from './signature.ts';

export interface WebhookMessage {
  /** The same for every attempt. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
  readonly traceparent?: string | undefined;
}

export interface WebhookAnswer {
  readonly status: number;
  /** At most 64 KiB of it. */
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

const maxAnswerBytes = 64 * 1024;
const connectTimeoutMs = 5000;

/** Sends signed messages to one address. Redirects are not followed: an answer is what this address says. */
export class WebhookCaller {
  /** Host and port, for people. */
  readonly place: string;
  /** Without user and password; the rest of it may be a secret too. */
  readonly url: string;
  private readonly hostname: string;
  private readonly allowsPrivate: boolean;
  private readonly key: Buffer | undefined;
  private readonly login: string | undefined;
  private readonly clock: Clock;
  private readonly agent: Agent;

  constructor(webhook: WebhookConfig, clock: Clock, resolve?: ResolveHost) {
    const url = new URL(webhook.url);
    const { username, password } = url;
    if (username !== '' || password !== '') {
      const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.login = `Basic ${Buffer.from(text).toString('base64')}`;
    }
    [url.username, url.password, url.hash] = ['', '', ''];
    this.url = url.href;
    this.place = url.host;
    this.hostname = url.hostname;
    this.allowsPrivate = webhook.allowsPrivate;
    this.key = webhook.secret === '' ? undefined : signingKey(webhook.secret);
    this.clock = clock;
    const lookup = webhook.allowsPrivate ? undefined : publicLookup(resolve);
    this.agent = new Agent({
      allowH2: false,
      connect: { timeout: connectTimeoutMs, ...(lookup && { lookup }) },
      maxHeaderSize: 16 * 1024,
    });
  }

  /** Rejects where there is no answer: with EVENTS_TARGET_PRIVATE, what the network says, or the reason of the signal. */
  async post({ id, body, traceparent }: WebhookMessage, signal: AbortSignal): Promise<WebhookAnswer> {
    if (!this.allowsPrivate) checkLiteralHost(this.hostname);
    const response = await request(this.url, {
      method: 'POST',
      dispatcher: this.agent,
      signal,
      body,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'streamctl',
        ...webhookHeaders({ id, timeMs: this.clock.wallMs(), body }, this.key),
        ...(traceparent !== undefined && { traceparent }),
        ...(this.login !== undefined && { authorization: this.login }),
      },
    });
    const { statusCode: status, headers } = response;
    return { status, text: await readText(response.body), retryAfterMs: retryAfterOf(headers['retry-after']) };
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** The beginning of an answer, also of one that never ends or breaks off: its status is known, and that is what counts. */
async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
      if (sizeBytes >= maxAnswerBytes) break; // which closes the connection
    }
  } catch {
    // what has come is enough
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString('utf8');
}

function retryAfterOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

/** An answer that is a refusal of this message, and not of the moment: sending it again would change nothing. */
export function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** An answer that was not wanted, in a line: its status and the beginning of what it says. */
export function describeAnswer({ status, text }: WebhookAnswer): string {
  if (status >= 300 && status < 400) return `it answers ${status}, and redirects are not followed`;
  const said = boundedText(text, 200);
  return said === '' ? `it answers ${status}` : `it answers ${status}: ${said}`;
}
