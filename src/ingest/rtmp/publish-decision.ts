import { StreamctlError } from '../../base/errors.ts';
import type { PublishDecision, PublishRequest } from '../publish-gate.ts';
import type { SessionDeps } from './session-deps.ts';

/**
 * Asks whether a publisher may begin. A check that fails is a refusal, and `onBroken` is told; a refusal waits
 * as long as the address has deserved. Rejects never; its answer is of no use once the signal has aborted.
 */
export async function decidePublish(
  request: PublishRequest,
  deps: Pick<SessionDeps, 'authorizePublish' | 'rejectionDelayMs' | 'clock'>,
  signal: AbortSignal,
  onBroken: (error: unknown) => void,
): Promise<PublishDecision> {
  let decision: PublishDecision;
  try {
    decision = await deps.authorizePublish(request, signal);
  } catch (cause) {
    if (!signal.aborted) onBroken(cause);
    return { allowed: false, error: new StreamctlError('RTMP_AUTHORIZATION_UNAVAILABLE', {}, { cause }) };
  }
  if (decision.allowed || signal.aborted || decision.error.httpStatus >= 500) return decision;
  const delayMs = deps.rejectionDelayMs(request.remoteAddress);
  if (delayMs > 0) {
    await new Promise<void>((resolve) => {
      deps.clock.after(delayMs, resolve);
    });
  }
  return decision;
}
