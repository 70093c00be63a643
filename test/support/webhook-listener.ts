import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { EventEnvelope } from '../../src/contract/event-types.ts';

export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** Answers a call; by default 204. */
export type AnswerCall = (response: ServerResponse, call: ReceivedCall, request: IncomingMessage) => void;

/** A real HTTP server that webhooks call, which can go away and come back on the same port. */
export class WebhookListener {
  readonly calls: ReceivedCall[] = [];
  answer: AnswerCall = (response) => void response.writeHead(204).end();
  private port = 0;
  private server = this.makeServer();

  static async start(): Promise<WebhookListener> {
    const listener = new WebhookListener();
    await listener.open();
    onTestFinished(() => listener.close());
    return listener;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** The events of all calls, in order of arrival. */
  get events(): EventEnvelope[] {
    return this.calls.map(({ body }) => JSON.parse(body) as EventEnvelope);
  }

  async open(): Promise<void> {
    this.server = this.makeServer();
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Whoever calls now finds nobody. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private makeServer() {
    return createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = { headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' };
      this.calls.push(call);
      this.answer(response, call, request);
    });
  }
}
