import { totalmem } from 'node:os';

/** The rest is for everything that is not media, the system's file cache among it. */
const mediaShare = 0.5;

/** What all windows together may take: half of the machine's memory, or of what its container may have. */
export function mediaBudgetBytes(): number {
  const constrained = process.constrainedMemory();
  return Math.floor(mediaShare * Math.min(totalmem(), constrained > 0 ? constrained : Number.POSITIVE_INFINITY));
}
