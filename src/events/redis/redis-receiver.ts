import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { describeFailure } from '../../base/failure-text.ts';
import { within } from '../../base/within.ts';
import type { RedisTarget } from '../../config/events-url.ts';
import type { EventEnvelope } from '../../contract/event-types.ts';
import type { DeliveryResult, EventReceiver } from '../receiver.ts';

/** Events as entries of a Redis stream, each with the members `type` and `event` (the envelope). A batch is one transaction: all of it or nothing. */
export class RedisReceiver implements EventReceiver {
  readonly id: string;
  readonly kind = 'redis';
  readonly place: string;
  readonly batchSize = 100;
  private readonly target: RedisTarget;
  private client: Redis | undefined;

  constructor(target: RedisTarget) {
    const { host, port, database, stream } = target;
    this.target = target;
    this.place = `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
    this.id = `redis-${createHash('sha256').update(`${this.place}/${stream}`).digest('hex').slice(0, 12)}`;
  }

  wants(): boolean {
    return true;
  }

  async deliver(events: readonly EventEnvelope[], signal: AbortSignal): Promise<DeliveryResult> {
    try {
      this.client ??= await this.connect(signal);
      await within(signal, this.add(this.client, events));
      return { acknowledged: events.length };
    } catch (error) {
      this.disconnect();
      return { acknowledged: 0, problem: { isRefusal: false, error: describeFailure(error) } };
    }
  }

  async close(): Promise<void> {
    this.disconnect();
  }

  private async add(client: Redis, events: readonly EventEnvelope[]): Promise<void> {
    const { stream, maxLength } = this.target;
    const transaction = client.multi();
    for (const event of events) {
      const entry = ['*', 'type', event.type, 'event', JSON.stringify(event)] as const;
      if (maxLength === 0) transaction.xadd(stream, ...entry);
      else transaction.xadd(stream, 'MAXLEN', '~', maxLength, ...entry);
    }
    const results = await transaction.exec();
    const failed = results?.find(([error]) => error !== null);
    if (results === null || results.length !== events.length) throw new Error('the transaction was not made');
    if (failed?.[0]) throw failed[0];
  }

  /** Connected, or rejected: it does not try by itself, because the loop that calls does. */
  private async connect(signal: AbortSignal): Promise<Redis> {
    const { host, port, database, isTls, login } = this.target;
    const client = new Redis({
      ...{ host, port, db: database },
      ...(login !== undefined && { password: login.password, ...(login.user !== '' && { username: login.user }) }),
      ...(isTls && { tls: {} }),
      lazyConnect: true,
      connectTimeout: 5000,
      commandTimeout: 5000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let trouble: Error | undefined;
    client.on('error', (error) => {
      trouble = error; // which says more than the call that fails by it
    });
    try {
      await within(signal, client.connect());
      return client;
    } catch (error) {
      client.disconnect();
      throw trouble ?? error;
    }
  }

  private disconnect(): void {
    this.client?.disconnect();
    this.client = undefined;
  }
}
