import type { RecentSession } from './ports.ts';
import type { ViewerSession } from './viewer-session.ts';

/** So long it is told how a session fared, after the last sign of it. */
export const recentMs = 5 * 60_000;

/** What viewers of one stream have experienced lately: how long pictures moved and stood still so far, and sessions that are no more. */
export class RecentExperience {
  /** Of all sessions whose stalls are known: only ever grow. */
  watchMs = 0;
  stallMs = 0;
  /** In the order in which they were forgotten as sessions, which is about that of their last signs. */
  readonly gone: RecentSession[] = [];

  left({ seenAtMs, startedAtMs, startupMs, startupSource }: ViewerSession): void {
    this.gone.push({ seenAtMs, startedAtMs, startupMs, startupSource });
  }

  forget(wallMs: number): void {
    const firstKept = this.gone.findIndex(({ seenAtMs }) => seenAtMs >= wallMs - recentMs);
    this.gone.splice(0, firstKept === -1 ? this.gone.length : firstKept);
  }
}
