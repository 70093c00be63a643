import type { ViewerSession } from './viewer-session.ts';

/** Why the quality changes now, as far as requests tell: a player that has starved flees, one that knows its network follows it. */
export function switchReason(session: ViewerSession): string {
  if (session.quality === undefined) return 'startup';
  if (session.posted?.states?.course.stalledSinceMs !== undefined) return 'buffer';
  return session.knowsThroughput ? 'bandwidth' : 'unknown';
}
