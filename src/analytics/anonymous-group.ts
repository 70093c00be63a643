import { NumberTally } from './number-tally.ts';
import type { ViewerSession } from './viewer-session.ts';

/** Playlist requests are counted over so many target durations. */
const rateTargetDurations = 3;

/**
 * Viewers of a stream that nothing tells apart but what they ask for: one network, one player. They are as many as ask for the same segment;
 * where only playlists are asked for (a cache keeps the rest), as many as the rate says: one player asks about once a target
 * duration, or once a part.
 */
export class AnonymousGroup {
  /** One for each viewer. Some may be known by reports of their own: those do not end here. */
  members: ViewerSession[] = [];
  readonly viewerKey: string;
  readonly format: 'hls' | 'dash';
  /** Media is asked for here, not only playlists. */
  hasMedia = false;
  private readonly tally = new NumberTally();
  private hasPicture = false;
  private listedMs = 0;
  private rateSinceMs = 0;

  constructor(viewerKey: string, format: 'hls' | 'dash') {
    this.viewerKey = viewerKey;
    this.format = format;
  }

  /** Media was asked for. Sound counts only while there is no picture. Gives how many have asked for it by now; 0: not known. */
  askedMedia(msn: number, isAudio: boolean, nowMs: number): number {
    this.hasMedia = true;
    if (isAudio && this.hasPicture) return 0;
    this.hasPicture ||= !isAudio;
    return this.tally.add(msn, nowMs);
  }

  /** A media playlist was asked for, which one player does once in `intervalMs`. */
  askedPlaylist(intervalMs: number, nowMs: number): void {
    if (this.listedMs === 0) this.rateSinceMs = nowMs;
    this.listedMs += intervalMs;
  }

  /** Calls with how many viewers there are, and when they were seen. */
  estimate(nowMs: number, targetDurationMs: number, visit: (count: number, atMs: number) => void): void {
    if (this.hasMedia) {
      this.tally.viewers(visit);
      return;
    }
    const spanMs = rateTargetDurations * targetDurationMs;
    if (this.listedMs === 0 || nowMs - this.rateSinceMs < spanMs) return;
    // Rounded down: an impatient player asks oftener, and one that is counted twice is worse than one that is missed.
    const count = Math.floor(this.listedMs / (nowMs - this.rateSinceMs) + 0.25);
    this.listedMs = 0;
    if (count > 1) visit(count, nowMs);
  }

  /**
   * Whose request it is where all come over the connections of a proxy: the first to ask for a segment is always the first member, and so on,
   * so that as many fall silent as have left. `rank`: as `askedMedia` gives it; what is asked for besides is of who was heard of last.
   */
  ranked(rank: number): ViewerSession | undefined {
    if (rank > 0) return this.members[rank - 1] ?? this.members.at(-1);
    let found: ViewerSession | undefined;
    for (const member of this.members) {
      if (found === undefined || member.seenMonotonicMs > found.seenMonotonicMs) found = member;
    }
    return found;
  }

  /** Whose request it is on a new connection: who has waited longest. */
  leastRecent(): ViewerSession | undefined {
    let found: ViewerSession | undefined;
    for (const member of this.members) {
      if (found === undefined || member.seenMonotonicMs < found.seenMonotonicMs) found = member;
    }
    return found;
  }

  add(session: ViewerSession): void {
    // An array that something is pushed to has room for sixteen more; most groups have this one.
    if (this.members.length === 0) this.members = [session];
    else this.members.push(session);
    session.group = this;
  }

  leave(session: ViewerSession): void {
    this.members.splice(this.members.indexOf(session), 1);
    session.group = undefined;
  }
}
