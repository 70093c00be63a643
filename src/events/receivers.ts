import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import type { WebhookConfig } from '../config/webhook.ts';
import type { EventReceiver } from './receiver.ts';
import { isEventWebhook, WebhookReceiver } from './webhook/webhook-receiver.ts';

/** Everybody who is configured to get events. What Kafka and Redis need is loaded only for them. */
export async function configuredReceivers(
  { webhooks, events }: Pick<Config, 'webhooks' | 'events'>,
  clock: Clock,
): Promise<EventReceiver[]> {
  const receivers: EventReceiver[] = webhooks
    .filter((webhook: WebhookConfig) => isEventWebhook(webhook))
    .map((webhook) => new WebhookReceiver(webhook, clock));
  const { target } = events;
  if (target.kind === 'kafka') {
    const { KafkaReceiver } = await import('./kafka/kafka-receiver.ts');
    receivers.push(new KafkaReceiver(target));
  } else if (target.kind === 'redis') {
    const { RedisReceiver } = await import('./redis/redis-receiver.ts');
    receivers.push(new RedisReceiver(target));
  }
  return receivers;
}
