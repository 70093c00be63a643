import type { MiddlewareHandler } from 'hono';
import { type DrawLetters, drawFrom } from '../access/draw-letters.ts';
import type { Pepper } from '../access/pepper.ts';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { randomBase32 } from '../contract/names.ts';
import type { IdempotencyStore, IdempotentRequest } from '../store/ports/idempotency-store.ts';
import type { ApiEnv } from './api-env.ts';
import { callerOf } from './rate-limit.ts';
import { openAnswer, type SealedUnder, sealAnswer } from './sealed-answer.ts';

export interface IdempotencyOptions {
  readonly store: { readonly idempotency: IdempotencyStore };
  readonly pepper: Pepper;
  readonly clock: Pick<Clock, 'wallMs'>;
}

const idempotencyHeader = 'idempotency-key';
/** Visible ASCII. */
export const idempotencyKeyPattern = /^[!-~]{1,255}$/;

/** How long an answer is kept. */
const keptMs = 24 * 3_600_000;
/** How often what is too old is looked for. */
const pruneEveryMs = 600_000;
/** A request that has no answer by then has met a crash: whoever repeats it makes it anew. */
const givenUpAfterMs = 60_000;

/**
 * Answers a POST that is repeated with the same Idempotency-Key as it was answered first (draft-ietf-httpapi-idempotency-key-header).
 * The store alone reveals nothing: its ids and hashes are HMACs, and answers are sealed. What a request draws (`c.var.draw`) is made
 * of the key and of when it was first sent, so where a crash came between the effect and its note, the repetition finds the effect.
 */
export function idempotency({ store, pepper, clock }: IdempotencyOptions): MiddlewareHandler<ApiEnv> {
  const { idempotency: requests } = store;
  let prunedAtMs = Number.NEGATIVE_INFINITY;
  return async (c, next) => {
    const key = c.req.header(idempotencyHeader);
    const { identity } = c.var;
    c.set('draw', randomBase32);
    if (c.req.method !== 'POST' || key === undefined || identity === undefined) return await next();
    if (!idempotencyKeyPattern.test(key)) {
      throw new StreamctlError('API_INPUT_INVALID', {
        mistakes: ['Idempotency-Key: 1 to 255 visible ASCII characters'],
      });
    }
    const nowMs = clock.wallMs();
    if (nowMs - prunedAtMs > pruneEveryMs) {
      prunedAtMs = nowMs;
      await requests.prune(nowMs - keptMs);
    }
    const id = pepper.hash(`idempotency id\0${callerOf(identity)}\0${key}`);
    const { pathname, search } = new URL(c.req.url);
    const body = await c.req.raw.clone().text();
    const requestHash = pepper.hash(`idempotent request\0POST ${pathname}${search}\0${body}`);
    const seal: SealedUnder = { id, key: pepper.deriveKey('idempotency answer', key) };

    const begun = await requests.begin({ id, requestHash, createdAtMs: nowMs });
    if (begun !== undefined) {
      if (begun.requestHash !== requestHash) throw new StreamctlError('API_IDEMPOTENCY_MISMATCH', {});
      if (begun.answer !== null && begun.answer !== '') return openAnswer(begun.answer, seal);
      if (begun.answer === null && nowMs - begun.createdAtMs < givenUpAfterMs) {
        throw new StreamctlError('API_IDEMPOTENCY_BUSY', { retryAfterSeconds: 1 });
      }
    }
    c.set('draw', drawnFor({ id, requestHash, createdAtMs: begun?.createdAtMs ?? nowMs }, key, pepper));
    await next();
    if (c.res.status >= 500) await requests.abandon(id);
    else await requests.finish(id, await sealAnswer(c.res.clone(), seal));
  };
}

/** The same letters for each repetition of one request, and for no other. */
function drawnFor(request: Omit<IdempotentRequest, 'answer'>, key: string, pepper: Pepper): DrawLetters {
  const { id, requestHash, createdAtMs } = request;
  return drawFrom(pepper.deriveKey(`idempotency draw ${id} ${requestHash} ${createdAtMs}`, key));
}
