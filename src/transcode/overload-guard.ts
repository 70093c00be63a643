import { assertNever } from '../base/errors.ts';
import type { VideoConfig } from '../media/track.ts';
import { FeedGate } from './feed-gate.ts';
import type { CachedFrame } from './gop-cache.ts';
import type { LadderDemand } from './ladder-demand.ts';
import { LagPolicy } from './lag-policy.ts';
import type { TranscodeListener } from './transcode-listener.ts';
import type { TranscodeSession } from './transcode-session.ts';

type Session = Pick<TranscodeSession, 'worstLagMs' | 'backlogBytes'>;

/** Sees that a session stays close to the source: it is fed less, and at last asked for less. */
export class OverloadGuard {
  private readonly demand: LadderDemand;
  private readonly listener: Pick<TranscodeListener, 'notice'>;
  private readonly gate = new FeedGate();
  private readonly policy = new LagPolicy();

  constructor(demand: LadderDemand, listener: Pick<TranscodeListener, 'notice'>) {
    this.demand = demand;
    this.listener = listener;
  }

  /** A session begins, with this much to be decoded first. */
  restarted(nowMs: number, replayMs: number, replayBytes: number): void {
    this.gate.reset();
    this.policy.restarted(nowMs, replayMs, replayBytes);
  }

  /** Whether the session is given this frame. */
  admits(frame: CachedFrame, codec: VideoConfig['codec'], session: Session): boolean {
    if (!this.gate.isSkipping) return this.gate.admits(frame, codec, 0);
    const isAdmitted = this.gate.admits(frame, codec, session.worstLagMs);
    if (!this.gate.isSkipping) this.listener.notice({ type: 'relieved', reaction: 'resumed-at-keyframe' });
    return isAdmitted;
  }

  /** To be called once a second. Returns whether another ladder is demanded now. */
  sample(session: Session, nowMs: number): boolean {
    const { worstLagMs: lagMs, backlogBytes } = session;
    const { canShed } = this.demand;
    const reaction = this.policy.sample({ nowMs, lagMs, backlogBytes, canShed });
    if (reaction === undefined || (reaction === 'skip-to-keyframe' && this.gate.isSkipping)) return false;
    switch (reaction) {
      case 'drop-non-reference':
        this.gate.dropsDisposable = true;
        this.listener.notice({ type: 'overloaded', reaction, lagMs });
        return false;
      case 'skip-to-keyframe':
        this.gate.skipToKeyframe();
        this.listener.notice({ type: 'overloaded', reaction, lagMs });
        return false;
      case 'shed-rung':
        this.demand.shedTop();
        this.listener.notice({ type: 'overloaded', reaction, lagMs });
        return true;
      case 'feed-all':
        this.gate.dropsDisposable = false;
        this.listener.notice({ type: 'relieved', reaction });
        return false;
      case 'restore-rung':
        this.demand.restore();
        this.listener.notice({ type: 'relieved', reaction });
        return true;
      default:
        return assertNever(reaction);
    }
  }
}
