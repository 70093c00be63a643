import type { ClipTag } from '../../../src/publisher/flv-clip.ts';

const keyframe = 1;

/**
 * What an encoder does whose network is slower than what it makes (OBS: "Dropped frames"): pictures are left out from when more
 * than `limitBytes` wait, until a keyframe comes and they do not any more. Sound and headers are always sent.
 */
export class FrameDropper {
  /** Left out so far. */
  dropped = 0;
  private readonly limitBytes: number;
  private isDropping = false;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** `heldBytes`: what was sent and has not arrived. */
  isSent({ type, isFrame, body }: ClipTag, heldBytes: number): boolean {
    if (type !== 'video' || !isFrame) return true;
    if (heldBytes > this.limitBytes) this.isDropping = true;
    else if ((body[0] ?? 0) >> 4 === keyframe) this.isDropping = false;
    if (this.isDropping) this.dropped++;
    return !this.isDropping;
  }
}
