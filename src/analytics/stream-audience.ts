import type { EventStream } from '../delivery/viewer-events/event-batch.ts';
import type { SessionRow } from '../store/ports/session-store.ts';
import { AnonymousGroup } from './anonymous-group.ts';
import { RecentExperience } from './recent-experience.ts';
import type { ViewerKey } from './viewer-keys.ts';
import { type KnownViewer, type SessionIdentity, ViewerSession } from './viewer-session.ts';
import { wholeString } from './whole-string.ts';

/** A session that nothing was heard of for longer is over. */
const shortestSilenceMs = 30_000;
const silentTargetDurations = 6;
/** Who plays asks at least once a target duration; who has not for longer does not watch any more, whether its session is over or not. */
const watchingTargetDurations = 3;
const shortestPatienceMs = 5000;
/** Whose playlists alone are asked for here is estimated anew only every three target durations. */
const estimatedTargetDurations = 6;
/** Reports that come at intervals: every ten seconds, of our page. */
const reportPatienceMs = 15_000;

/** What a connection's requests are known to belong to. */
export interface Binding {
  session: ViewerSession;
  /** The CMCD by which it was recognised: most players of ours repeat it, so it is read once. */
  readonly text: string;
  /** As it stood there: what is to be shown before what is asked for. */
  readonly bufferMs: number;
}

/** Who a new session is of; undefined: there is no room for one. */
export type NewSession = (key: string, viewer: KnownViewer, startedAtMs: number) => SessionIdentity | undefined;

/** All sessions of one stream. */
export class StreamAudience {
  readonly streamId: string;
  targetDurationMs: number;
  partTargetMs: number;
  /** All of them, also those that ended a moment ago: what of them is still on its way makes no new ones. */
  readonly sessions = new Map<string, ViewerSession>();
  readonly bindings = new Map<number, Binding>();
  readonly recent = new RecentExperience();
  /** By the viewer's key, of each format. */
  private readonly groups = { hls: new Map<string, AnonymousGroup>(), dash: new Map<string, AnonymousGroup>() };
  private readonly newSession: NewSession;
  private nextMember = 1;

  constructor({ streamId, targetDurationMs, partTargetMs }: Omit<EventStream, 'channel'>, newSession: NewSession) {
    this.streamId = streamId;
    this.targetDurationMs = targetDurationMs;
    this.partTargetMs = partTargetMs;
    this.newSession = newSession;
  }

  /** Who watches now: some of those whose sessions go on. */
  viewers(nowMs: number): number {
    let count = 0;
    for (const session of this.sessions.values()) if (session.isWatching(nowMs)) count++;
    return count;
  }

  /** How long who has asked for something is taken to watch. */
  get patienceMs(): number {
    return Math.max(shortestPatienceMs, watchingTargetDurations * this.targetDurationMs);
  }

  get silenceMs(): number {
    return Math.max(shortestSilenceMs, silentTargetDurations * this.targetDurationMs);
  }

  /** A player has posted something: where it asks elsewhere for what it watches, that is all there is to hear of it. */
  reported(session: ViewerSession, isAtIntervals: boolean, timeMs: number, nowMs: number): void {
    const patienceMs = isAtIntervals ? Math.max(reportPatienceMs, this.patienceMs) : this.patienceMs;
    session.seen(timeMs, nowMs, session.asks ? patienceMs : this.silenceMs);
  }

  /** Somebody of a group has asked for something. */
  asked(session: ViewerSession, group: AnonymousGroup | undefined, timeMs: number, nowMs: number): void {
    session.asked(timeMs, nowMs, group === undefined ? this.patienceMs : this.patienceWith(group));
  }

  /** The session that a player calls by this id; undefined where it has just ended, or there is no room for a new one. */
  named(sessionId: string, viewer: KnownViewer, timeMs: number, nowMs: number): ViewerSession | undefined {
    const key = `s ${sessionId}`;
    const session = this.sessions.get(key) ?? this.open(key, viewer, timeMs, nowMs);
    if (session === undefined) return undefined;
    if (!session.isLive) {
      if (session.isLeaving(timeMs)) return undefined;
      session.reopen();
    }
    return session;
  }

  /** Nobody plays HLS and DASH at once. */
  group({ dailyKey, earlierKey = '' }: ViewerKey, format: 'hls' | 'dash'): AnonymousGroup {
    const groups = this.groups[format];
    return groups.get(dailyKey) ?? groups.get(earlierKey) ?? this.newGroup(dailyKey, format);
  }

  /** Another viewer of a group. */
  join(group: AnonymousGroup, viewer: KnownViewer, timeMs: number, nowMs: number): ViewerSession | undefined {
    const session = this.open(`a ${group.viewerKey}.${group.format} ${this.nextMember++}`, viewer, timeMs, nowMs);
    if (session !== undefined) group.add(session);
    return session;
  }

  /** Who was known by requests alone is who reports now: it is one viewer, not two. Gives the session that is no more. */
  adopt(group: AnonymousGroup, session: ViewerSession): ViewerSession | undefined {
    if (session.hasRequests || session.group === group) return undefined;
    // What it plays is often told only after it was heard of.
    session.group?.leave(session);
    const before = group.members.find(({ isNamed }) => !isNamed);
    group.add(session);
    if (before === undefined) return undefined;
    group.leave(before);
    this.sessions.delete(before.key);
    session.takeOver(before);
    for (const binding of this.bindings.values()) if (binding.session === before) binding.session = session;
    return before;
  }

  /** Ends what is silent and forgets what ended; `ended` gets each session once, when it has. */
  sweep(nowMs: number, ended: (session: ViewerSession) => void): void {
    const { silenceMs } = this;
    for (const groups of Object.values(this.groups)) {
      for (const group of groups.values()) this.count(group, nowMs);
    }
    for (const session of this.sessions.values()) {
      const isSilent = nowMs - session.seenMonotonicMs >= silenceMs;
      if (session.isLive && isSilent) session.end(session.seenAtMs);
      if (!session.isLive && !session.isTold) {
        session.isTold = true;
        session.group?.leave(session);
        ended(session);
      }
      if (session.isLive || !isSilent) continue;
      this.sessions.delete(session.key);
      this.recent.left(session);
    }
    for (const [connection, { session }] of this.bindings) if (!session.isLive) this.bindings.delete(connection);
    for (const groups of Object.values(this.groups)) {
      for (const group of groups.values()) if (group.members.length === 0) groups.delete(group.viewerKey);
    }
  }

  /** Goes on with what was saved. */
  restore(row: SessionRow, nowMs: number): void {
    const session = ViewerSession.restore(row, nowMs);
    session.patienceMs = this.silenceMs;
    this.sessions.set(session.key, session);
    const [kind, groupKey = '', member = ''] = session.key.split(' ');
    if (kind !== 'a') return;
    this.nextMember = Math.max(this.nextMember, Number(member) + 1);
    const [viewerKey = '', format] = groupKey.split('.');
    const group = this.group({ dailyKey: viewerKey }, format === 'dash' ? 'dash' : 'hls');
    // Who has fetched media here is counted by it: that it asks often for playlists while there is none yet says nothing.
    group.hasMedia ||= session.hasPlayed;
    group.add(session);
  }

  private newGroup(viewerKey: string, format: 'hls' | 'dash'): AnonymousGroup {
    const group = new AnonymousGroup(viewerKey, format);
    this.groups[format].set(viewerKey, group);
    return group;
  }

  private open(joinedKey: string, viewer: KnownViewer, timeMs: number, nowMs: number): ViewerSession | undefined {
    const key = wholeString(joinedKey);
    const identity = this.newSession(key, viewer, timeMs);
    if (identity === undefined) return undefined;
    const session = new ViewerSession(identity, nowMs);
    this.sessions.set(key, session);
    return session;
  }

  /** Has a group as many members as ask for the same. */
  private count(group: AnonymousGroup, nowMs: number): void {
    const first = group.members[0];
    if (first === undefined) return;
    group.estimate(nowMs, this.targetDurationMs, (count, atMs) => {
      for (let number = 0; number < count; number++) {
        const member = group.members[number] ?? this.join(group, first.viewer, first.seenAtMs, atMs);
        if (member !== undefined && member.seenMonotonicMs <= atMs) this.asked(member, group, first.seenAtMs, atMs);
      }
    });
  }

  private patienceWith({ hasMedia }: AnonymousGroup): number {
    return hasMedia ? this.patienceMs : Math.max(this.patienceMs, estimatedTargetDurations * this.targetDurationMs);
  }
}
