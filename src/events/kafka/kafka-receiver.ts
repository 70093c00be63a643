import { createHash } from 'node:crypto';
import { type GenericError, Producer, stringSerializers } from '@platformatic/kafka';
import { describeFailure } from '../../base/failure-text.ts';
import { within } from '../../base/within.ts';
import type { KafkaTarget } from '../../config/events-url.ts';
import type { EventEnvelope } from '../../contract/event-types.ts';
import type { DeliveryResult, EventReceiver } from '../receiver.ts';

type TextProducer = Producer<string, string, string, string>;

/** Kafka's names of errors that lie in a record and in nothing else. */
const recordErrors = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'];

/**
 * Events as records of a topic: the key is the broadcast (or the stream key, or the token), so that what happens to one stays in order in one
 * partition; the value is the envelope. A record counts when all replicas in sync have it.
 */
export class KafkaReceiver implements EventReceiver {
  readonly id: string;
  readonly kind = 'kafka';
  readonly place: string;
  private readonly target: KafkaTarget;
  private producer: TextProducer | undefined;
  private isIdempotent = true;
  private isAlone = false;

  constructor(target: KafkaTarget) {
    this.target = target;
    const hosts = target.brokers.map(({ host, port }) => `${host}:${port}`);
    this.place = `${hosts.join(',')}/${target.topic}`;
    this.id = `kafka-${createHash('sha256')
      .update(`${hosts.toSorted().join(',')}/${target.topic}`)
      .digest('hex')
      .slice(0, 12)}`;
  }

  /** One, after a batch was refused: to find the record that is at fault. */
  get batchSize(): number {
    return this.isAlone ? 1 : 100;
  }

  wants(): boolean {
    return true;
  }

  async deliver(events: readonly EventEnvelope[], signal: AbortSignal): Promise<DeliveryResult> {
    const { topic } = this.target;
    const messages = events.map((event) => ({
      topic,
      key: keyOf(event),
      value: JSON.stringify(event),
      timestamp: BigInt(Date.parse(event.time)),
    }));
    try {
      this.producer ??= await within(signal, this.connect());
      await within(signal, this.producer.send({ messages, acks: -1 }));
      this.isAlone = false;
      return { acknowledged: events.length };
    } catch (error) {
      await this.disconnect();
      const isRecordAtFault = recordErrors.some((apiId) => hasWithin(error, 'apiId', apiId));
      const isRefusal = isRecordAtFault && events.length === 1;
      if (isRecordAtFault) this.isAlone = !isRefusal;
      return { acknowledged: 0, problem: { isRefusal, error: describeKafkaFailure(error) } };
    }
  }

  async close(): Promise<void> {
    await this.disconnect();
  }

  /** An idempotent producer where the broker has them and lets us: then nothing that the client sends again is there twice. */
  private async connect(): Promise<TextProducer> {
    if (this.isIdempotent) {
      const producer = this.makeProducer();
      try {
        await producer.initIdempotentProducer({});
        return producer;
      } catch (error) {
        await close(producer);
        if (!hasWithin(error, 'code', 'PLT_KFK_UNSUPPORTED_API') && !hasWithin(error, 'canRetry', false)) throw error;
        this.isIdempotent = false;
      }
    }
    return this.makeProducer();
  }

  private makeProducer(): TextProducer {
    const { brokers, isTls, login } = this.target;
    const producer = new Producer({
      clientId: 'streamctl',
      bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
      serializers: stringSerializers,
      idempotent: this.isIdempotent,
      autocreateTopics: true,
      // The loop that calls tries again; a producer that has failed is replaced, because nobody knows what it had sent.
      retries: 2,
      retryDelay: 300,
      connectTimeout: 4000,
      requestTimeout: 8000,
      timeout: 8000,
      ...(isTls && { tls: {}, tlsServerName: true }),
      ...(login && { sasl: { mechanism: login.mechanism, username: login.user, password: login.password } }),
    });
    producer.on('error', () => {}); // what fails is told by the call that fails
    return producer;
  }

  private async disconnect(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    if (producer !== undefined) await close(producer);
  }
}

async function close(producer: TextProducer): Promise<void> {
  await within(AbortSignal.timeout(1000), producer.close(true)).catch(() => {});
}

/** What has to stay in order among itself. */
function keyOf({ stream_id: streamId, data, type }: EventEnvelope): string {
  const { key_id: keyId, token_id: tokenId } = data;
  const id = streamId ?? keyId ?? tokenId;
  return typeof id === 'string' ? id : type;
}

/** Whether an error, or one that it wraps, has a member of that value. */
function hasWithin(error: unknown, property: string, value: unknown): boolean {
  const { findBy } = error as Partial<GenericError>;
  return typeof findBy === 'function' && findBy.call(error, property, value) !== null;
}

/** The client wraps errors in errors; the first cause says most. */
function describeKafkaFailure(error: unknown): string {
  const { errors, cause, apiId, code, message } = error as Partial<GenericError>;
  const inner = errors?.[0] ?? cause;
  if (inner instanceof Error) return describeKafkaFailure(inner);
  if (typeof apiId === 'string') return apiId;
  return describeFailure(`${code}`.startsWith('PLT_KFK') ? { message } : error);
}
