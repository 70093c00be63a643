import type { PlaybackPass, PlaybackRefusal } from '../access/playback-gate.ts';
import { type Problem, problem } from './problem.ts';
import type { Answer, PendingReply, ProgressiveReply, Reply } from './reply.ts';
import { openHeaders } from './reply-headers.ts';

/** For so long an edge need not ask again: a key that is taken out of use counts there as soon as that. */
const checkSeconds = 60;

/** The same for everybody who is refused. */
export const refusals: Readonly<Record<PlaybackRefusal, Problem>> = {
  missing: problem('ACCESS_PLAYBACK_TOKEN_MISSING', {}),
  expired: problem('ACCESS_PLAYBACK_TOKEN_EXPIRED', {}),
  invalid: problem('ACCESS_PLAYBACK_TOKEN_INVALID', { why: 'it was not made by this server, or is not good yet' }),
  foreign: problem('ACCESS_PLAYBACK_TOKEN_INVALID', { why: 'it is for another broadcast' }),
};

/** A request with a token that nobody has seen before: answered when that has been verified, or held on then. */
export class PendingCheck implements PendingReply {
  readonly kind = 'pending';
  private deliver: ((reply: Reply | ProgressiveReply) => void) | undefined;
  private held: PendingReply | undefined;
  private isOver = false;

  /** `pass` must not reject. */
  constructor(pass: Promise<PlaybackPass>, answer: (pass: PlaybackPass) => Answer) {
    void pass.then((read) => {
      if (!this.isOver) this.hand(answer(read));
    });
  }

  settle(deliver: (reply: Reply | ProgressiveReply) => void): void {
    this.deliver = deliver;
  }

  cancel(): void {
    this.isOver = true;
    this.held?.cancel();
  }

  private hand(answer: Answer): void {
    if (answer.kind === 'pending') {
      this.held = answer;
      answer.settle((reply) => this.deliver?.(reply));
    } else this.deliver?.(answer);
  }
}

/** Yes, for an edge, and for how long. */
export function checked(pass: PlaybackPass, nowMs: number): Reply {
  const leftMs = typeof pass === 'object' && 'untilMs' in pass ? pass.untilMs - nowMs : Number.POSITIVE_INFINITY;
  const maxAgeSeconds = Math.max(0, Math.min(checkSeconds, Math.floor(leftMs / 1000)));
  const headers = ['Cache-Control', `max-age=${maxAgeSeconds}`, ...openHeaders];
  return { kind: 'whole', class: 'check', status: 204, headers, body: [] };
}
