import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { describeFailure } from '../../base/failure-text.ts';
import { authorizePattern, type WebhookConfig } from '../../config/webhook.ts';
import { type EventEnvelope, matchesEventPattern } from '../../contract/event-types.ts';
import type { DeliveryProblem, DeliveryResult, EventReceiver } from '../receiver.ts';
import type { ResolveHost } from './public-address.ts';
import { describeAnswer, isFinalStatus, WebhookCaller } from './webhook-caller.ts';

const timeoutMs = 10_000;

/** Whether a webhook gets events, and is not only asked about publishers. */
export function isEventWebhook({ events }: WebhookConfig): boolean {
  return events.length === 0 || events.some((pattern) => pattern !== authorizePattern);
}

/** One POST an event. */
export class WebhookReceiver implements EventReceiver {
  readonly id: string;
  readonly kind = 'webhook';
  readonly place: string;
  readonly batchSize = 1;
  private readonly patterns: readonly string[];
  private readonly caller: WebhookCaller;

  constructor(webhook: WebhookConfig, clock: Clock, resolve?: ResolveHost) {
    this.caller = new WebhookCaller(webhook, clock, resolve);
    this.id = `webhook-${createHash('sha256').update(this.caller.url).digest('hex').slice(0, 12)}`;
    this.place = this.caller.place;
    this.patterns = webhook.events.length === 0 ? ['*'] : webhook.events;
  }

  wants(type: string): boolean {
    return this.patterns.some((pattern) => matchesEventPattern(pattern, type));
  }

  async deliver([event]: readonly EventEnvelope[], signal: AbortSignal): Promise<DeliveryResult> {
    if (event === undefined) return { acknowledged: 0 };
    const problem = await this.send(event, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    return problem === undefined ? { acknowledged: 1 } : { acknowledged: 0, problem };
  }

  close(): Promise<void> {
    return this.caller.close();
  }

  private async send(event: EventEnvelope, signal: AbortSignal): Promise<DeliveryProblem | undefined> {
    const { id, traceparent } = event;
    try {
      const message = { id: `evt_${id}`, body: JSON.stringify(event), traceparent };
      const answer = await this.caller.post(message, signal);
      if (answer.status >= 200 && answer.status < 300) return undefined;
      const { status, retryAfterMs } = answer;
      return { isRefusal: isFinalStatus(status), error: describeAnswer(answer), retryAfterMs };
    } catch (error) {
      return { isRefusal: false, error: describeFailure(error) };
    }
  }
}
