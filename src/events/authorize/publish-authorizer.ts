import { randomUUID } from 'node:crypto';
import { CircuitBreaker } from '../../base/circuit-breaker.ts';
import type { Clock } from '../../base/clock.ts';
import { StreamctlError } from '../../base/errors.ts';
import { boundedText, describeFailure } from '../../base/failure-text.ts';
import { ReportCounter } from '../../base/report-counter.ts';
import type { WebhookConfig } from '../../config/webhook.ts';
import type { Log } from '../../observability/log.ts';
import type { ResolveHost } from '../webhook/public-address.ts';
import { describeAnswer, isFinalStatus, WebhookCaller } from '../webhook/webhook-caller.ts';

/** Who wants to begin, after its key was found to be good. */
export interface PublishQuestion {
  readonly channel: string;
  /** Undefined where publishing is open. */
  readonly keyId: string | undefined;
  readonly app: string;
  readonly remoteAddress: string;
  readonly encoder: string;
}

/** Why a publisher may not begin. */
export type PublishRefusal = StreamctlError<'ACCESS_AUTHORIZER_REFUSED' | 'ACCESS_AUTHORIZER_UNAVAILABLE'>;

const timeoutMs = 2000;
/** For so long a publisher that was let in may come back without being asked about again. */
const goodForMs = 30_000;
const maxAtOnce = 32;
const maxRemembered = 10_000;
const maxReasonLength = 120;

/**
 * Asks a webhook whether a publisher may begin. An answer 2xx lets it in, unless its JSON says `"allowed": false`; 4xx keeps it out,
 * with the `reason` of its JSON. Whatever else comes, or nothing within 2 s, keeps it out for now. Broadcasts that run are not asked about.
 */
export class PublishAuthorizer {
  private readonly caller: WebhookCaller;
  private readonly clock: Clock;
  private readonly log: Pick<Log, 'warn'>;
  private readonly troubles: ReportCounter;
  private readonly breaker = new CircuitBreaker();
  /** Whom it let in, and until when that is remembered. */
  private readonly letIn = new Map<string, number>();
  private asking = 0;

  constructor(webhook: WebhookConfig, clock: Clock, log: Pick<Log, 'warn'>, resolve?: ResolveHost) {
    this.caller = new WebhookCaller(webhook, clock, resolve);
    this.clock = clock;
    this.log = log;
    this.troubles = new ReportCounter(clock, 10_000);
  }

  /** Why it may not begin; undefined: it may. */
  async ask(question: PublishQuestion): Promise<PublishRefusal | undefined> {
    const who = JSON.stringify([question.channel, question.keyId, question.remoteAddress, question.app]);
    if ((this.letIn.get(who) ?? 0) > this.clock.monotonicMs()) return undefined;
    if (this.asking >= maxAtOnce) return unavailable('too many are being asked about');
    if (!this.breaker.mayTry(this.clock.monotonicMs())) return unavailable('it did not answer before');
    this.asking++;
    try {
      const refusal = await this.call(question);
      if (refusal === undefined) this.remember(who);
      return refusal;
    } finally {
      this.asking--;
    }
  }

  close(): Promise<void> {
    return this.caller.close();
  }

  private async call({
    channel,
    keyId,
    app,
    remoteAddress,
    encoder,
  }: PublishQuestion): Promise<PublishRefusal | undefined> {
    const question = { channel, key_id: keyId ?? null, app, remote_address: remoteAddress, encoder };
    const body = JSON.stringify({
      type: 'authorize',
      time: new Date(this.clock.wallMs()).toISOString(),
      data: question,
    });
    try {
      const message = { id: `auth_${randomUUID()}`, body };
      const answer = await this.caller.post(message, AbortSignal.timeout(timeoutMs));
      const { status, text } = answer;
      const isYes = status >= 200 && status < 300;
      if (!isYes && !isFinalStatus(status)) return this.noAnswer(describeAnswer(answer));
      this.breaker.succeeded();
      const { allowed, reason } = readAnswer(text);
      if (isYes && allowed) return undefined;
      return new StreamctlError('ACCESS_AUTHORIZER_REFUSED', { reason: boundedText(reason, maxReasonLength) });
    } catch (error) {
      return this.noAnswer(describeFailure(error));
    }
  }

  private noAnswer(reason: string): PublishRefusal {
    this.breaker.failed(this.clock.monotonicMs());
    this.troubles.count((count) =>
      this.log.warn(
        { place: this.caller.place, reason, count },
        'who decides about publishers does not answer: they are refused',
      ),
    );
    // Where it is and what is wrong with it is the operator's business.
    return unavailable('it does not answer');
  }

  private remember(who: string): void {
    const nowMs = this.clock.monotonicMs();
    this.letIn.delete(who);
    for (const [other, untilMs] of this.letIn) {
      if (untilMs > nowMs && this.letIn.size < maxRemembered) break; // in the order of their times
      this.letIn.delete(other);
    }
    this.letIn.set(who, nowMs + goodForMs);
  }
}

function unavailable(reason: string): PublishRefusal {
  return new StreamctlError('ACCESS_AUTHORIZER_UNAVAILABLE', { reason });
}

/** What an answer says beyond its status; text that is not JSON may be a reason, a page is none. */
function readAnswer(text: string): { readonly allowed: boolean; readonly reason: string } {
  try {
    const { allowed, reason } = (JSON.parse(text) ?? {}) as { allowed?: unknown; reason?: unknown };
    return { allowed: allowed !== false, reason: typeof reason === 'string' ? reason : '' };
  } catch {
    return { allowed: true, reason: text.trimStart().startsWith('<') ? '' : text };
  }
}
