import type { LiveStreamView } from '../api/live-control.ts';

/** What is known where a broadcast is made, as plain data for whoever shows it: only its viewers are counted elsewhere. */
export type LiveFacts = Omit<LiveStreamView, 'viewers'>;

/** Ends broadcasts, wherever they are made. */
export type StopStream = (streamId: string, reason: 'operator' | 'key_revoked') => Promise<boolean>;
