import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { readBody, readReport } from '../cmcd/read-report.ts';
import type { CmcdReport } from '../cmcd/report.ts';
import { decodeQueryValue } from '../cmcd/request-parts.ts';
import type { EventStream, ViewerIdentity } from '../delivery/viewer-events/event-batch.ts';
import type { ViewerEvent } from '../delivery/viewer-events/event-reader.ts';
import { unknownCountry } from '../geoip/country-database.ts';
import type { SessionRow } from '../store/ports/session-store.ts';
import { playerName } from './player-name.ts';
import { switchReason } from './quality-switches.ts';
import { takeEvent, takeRequest } from './session-reports.ts';
import { StreamAudience } from './stream-audience.ts';
import type { ViewerKey } from './viewer-keys.ts';
import type { KnownViewer, SessionIdentity, ViewerSession } from './viewer-session.ts';
import { wholeString } from './whole-string.ts';

export interface SessionTableOptions {
  readonly clock: Clock;
  readonly keyOf: (viewer: ViewerIdentity) => ViewerKey;
  readonly ended: (streamId: string, session: ViewerSession) => void;
  /** This one turned out to be another, which goes on in its place. */
  readonly merged: (sessionId: string) => void;
  readonly maxSessions?: number;
  /** Sessions of one network that only report: anybody can invent those. */
  readonly maxReportedPerNetwork?: number;
}

/** Of a segment: what orders them all by one number. */
const maxParts = 1000;

/** Makes sessions of viewer events: who watches what, how well, and how many they are. */
export class SessionTable {
  readonly streams = new Map<string, StreamAudience>();
  /** Sessions that there was no room for, and reports of streams that are not here. */
  sessionsDropped = 0;
  reportsDropped = 0;
  private readonly options: SessionTableOptions;
  private readonly maxSessions: number;
  private readonly maxReported: number;
  private readonly nobody: ViewerIdentity = { network: '', userAgent: '', token: '', country: unknownCountry };
  private size = 0;
  private readonly reportedByNetwork = new Map<string, number>();

  constructor(options: SessionTableOptions) {
    this.options = options;
    this.maxSessions = options.maxSessions ?? 200_000;
    this.maxReported = options.maxReportedPerNetwork ?? 1000;
  }

  take(event: ViewerEvent): void {
    const { stream, viewer = this.nobody } = event;
    if (stream === undefined) {
      this.reportsDropped++;
      return;
    }
    const audience = this.audience(stream);
    if (event.kind === 'report') this.takeReports(audience, event, viewer);
    else this.takeRequest(audience, event, viewer);
  }

  /** Looks who has gone. */
  sweep(): void {
    const nowMs = this.options.clock.monotonicMs();
    this.size = 0;
    for (const [streamId, audience] of this.streams) {
      audience.sweep(nowMs, (session) => this.options.ended(streamId, session));
      audience.recent.forget(this.options.clock.wallMs());
      this.size += audience.sessions.size;
      if (audience.sessions.size + audience.recent.gone.length === 0) this.streams.delete(streamId);
    }
    this.countAllReported();
  }

  /** Anew, without a new map: growing one each second would leave more behind than all else. */
  private countAllReported(): void {
    const { reportedByNetwork } = this;
    for (const network of reportedByNetwork.keys()) reportedByNetwork.set(network, 0);
    for (const { sessions } of this.streams.values()) {
      for (const { isNamed, hasRequests, viewer } of sessions.values()) {
        if (isNamed && !hasRequests) this.countReported(viewer.network);
      }
    }
    for (const [network, count] of reportedByNetwork) if (count === 0) reportedByNetwork.delete(network);
  }

  restore(row: SessionRow): void {
    const { streamId } = row;
    const audience = this.audience({ streamId, channel: '', targetDurationMs: 0, partTargetMs: 0 });
    audience.restore(row, this.options.clock.monotonicMs());
  }

  private audience(stream: EventStream): StreamAudience {
    let audience = this.streams.get(stream.streamId);
    if (audience === undefined) {
      audience = new StreamAudience(stream, this.newSession);
      this.streams.set(stream.streamId, audience);
    }
    audience.targetDurationMs = stream.targetDurationMs;
    audience.partTargetMs = stream.partTargetMs;
    return audience;
  }

  private readonly newSession = (
    key: string,
    viewer: KnownViewer,
    startedAtMs: number,
  ): SessionIdentity | undefined => {
    if (this.size >= this.maxSessions) {
      this.sessionsDropped++;
      return undefined;
    }
    this.size++;
    const id = wholeString(`vs_${randomBytes(9).toString('base64url')}`);
    return { id, key, viewer, startedAtMs };
  };

  private takeReports(audience: StreamAudience, event: ViewerEvent, viewer: ViewerIdentity): void {
    for (const report of readBody(event.text)) {
      const { sessionId } = report;
      if (sessionId === undefined) continue;
      const isNew = !audience.sessions.has(`s ${sessionId}`);
      if (isNew && !this.countReported(viewer.network)) {
        this.sessionsDropped++;
        continue;
      }
      const session = this.named(audience, sessionId, event, viewer);
      if (session === undefined) continue;
      audience.reported(session, report.event === 't', event.timeMs, this.options.clock.monotonicMs());
      const endedAtMs = takeEvent(session, report, event.timeMs, session.hasRequests && !event.isBehindProxy);
      if (viewer !== this.nobody) {
        const { format, group } = session;
        const isUnknown = format === undefined && group !== undefined;
        const own = isUnknown ? group : audience.group(this.options.keyOf(viewer), format ?? 'hls');
        const before = audience.adopt(own, session);
        if (before !== undefined) this.options.merged(before.id);
      }
      if (endedAtMs !== undefined) session.end(endedAtMs);
    }
  }

  private takeRequest(audience: StreamAudience, event: ViewerEvent, viewer: ViewerIdentity): void {
    const bound = event.isBehindProxy ? undefined : audience.bindings.get(event.connection);
    const report = event.text === '' || bound?.text === event.text ? undefined : reportOf(event);
    if (report?.sessionId !== undefined) {
      const named = this.requested(audience, report, event, viewer);
      if (named !== undefined) countRequest(named, event, report.bufferMs);
      return;
    }
    let session = bound?.session;
    // What was on its way when a player left is nobody else's.
    if (session?.isLeaving(event.timeMs) === true) return;
    const nowMs = this.options.clock.monotonicMs();
    if (session?.isLive === true) audience.asked(session, session.group, event.timeMs, nowMs);
    else session = undefined;
    const isUnnamed = session === undefined || session.group !== undefined;
    if (isUnnamed && event.status < 400) session = this.anonymous(audience, event, viewer, session);
    if (session !== undefined) countRequest(session, event, bound?.session === session ? bound.bufferMs : 0);
  }

  /** A request that says whose it is. */
  private requested(
    audience: StreamAudience,
    report: CmcdReport,
    event: ViewerEvent,
    viewer: ViewerIdentity,
  ): ViewerSession | undefined {
    const session = this.named(audience, report.sessionId!, event, viewer);
    if (session === undefined) return undefined;
    session.hasRequests = true;
    session.group?.leave(session);
    audience.asked(session, undefined, event.timeMs, this.options.clock.monotonicMs());
    takeRequest(session, report, event.timeMs, event.ageMs);
    if (!event.isBehindProxy) {
      audience.bindings.set(event.connection, { session, text: event.text, bufferMs: report.bufferMs ?? 0 });
    }
    return session;
  }

  private named(
    audience: StreamAudience,
    sessionId: string,
    event: ViewerEvent,
    viewer: ViewerIdentity,
  ): ViewerSession | undefined {
    return audience.named(sessionId, knownOf(viewer), event.timeMs, this.options.clock.monotonicMs());
  }

  /** A request that does not say whose it is. Only who asks for media, or what media there is, is a viewer. */
  private anonymous(
    audience: StreamAudience,
    event: ViewerEvent,
    viewer: ViewerIdentity,
    bound: ViewerSession | undefined,
  ): ViewerSession | undefined {
    const { kind } = event;
    const isMedia = kind === 'segment' || kind === 'part' || kind === 'ts-segment';
    if (!isMedia && kind !== 'playlist') return bound;
    const nowMs = this.options.clock.monotonicMs();
    const group = audience.group(this.options.keyOf(viewer), event.isDash ? 'dash' : 'hls');
    const isBegun = isMedia && (kind !== 'part' || event.index === 0);
    const rank = isBegun ? group.askedMedia(event.msn, event.isAudio, nowMs) : 0;
    if (kind === 'playlist' && !event.isAudio) {
      group.askedPlaylist(event.isReload ? audience.partTargetMs : audience.targetDurationMs, nowMs);
    }
    const unbound = event.isBehindProxy ? group.ranked(rank) : group.leastRecent();
    const member = bound?.group === group ? bound : unbound;
    const session = member ?? audience.join(group, knownOf(viewer), event.timeMs, nowMs);
    if (session === undefined) return undefined;
    audience.asked(session, group, event.timeMs, nowMs);
    if (session !== bound && !event.isBehindProxy) {
      audience.bindings.set(event.connection, { session, text: '', bufferMs: 0 });
    }
    return session;
  }

  /** Whether there is room for one more that only reports. */
  private countReported(network: string): boolean {
    const count = (this.reportedByNetwork.get(network) ?? 0) + 1;
    this.reportedByNetwork.set(network, count);
    return count <= this.maxReported;
  }
}

function knownOf(viewer: ViewerIdentity): KnownViewer {
  viewer.player ??= playerName(viewer.userAgent);
  return viewer as KnownViewer;
}

function reportOf({ text, isHeaderText }: ViewerEvent): CmcdReport | undefined {
  const decoded = isHeaderText ? text : decodeQueryValue(text);
  return decoded === undefined ? undefined : readReport(decoded);
}

/** What every request tells, with CMCD or without. `bufferMs`: so much is to be shown before what is asked for. */
function countRequest(session: ViewerSession, event: ViewerEvent, bufferMs: number | undefined): void {
  const { kind, status, rendition } = event;
  session.format ??= event.isDash ? 'dash' : 'hls';
  session.bytes += event.bytes;
  // A part that was hinted and then not made is nobody's error.
  if (status >= 400 && kind !== 'part') session.errors++;
  const isMedia = kind === 'segment' || kind === 'part' || kind === 'ts-segment';
  if (!isMedia || status >= 400) return;
  session.fetchedMedia(event.timeMs);
  if (rendition === '' || session.hasPageTotals || session.hasResponses || event.isAudio) return;
  const { msn, index } = event;
  session.showed(rendition, event.timeMs + (bufferMs ?? 0), switchReason(session), msn + index / maxParts);
}
