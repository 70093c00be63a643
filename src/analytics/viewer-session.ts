import type { QualityEntry, SessionRow, StartupSource } from '../store/ports/session-store.ts';
import type { AnonymousGroup } from './anonymous-group.ts';
import { allCounted, type CountedExperience } from './experience-totals.ts';
import { type PictureSigns, PostedState } from './player-state.ts';
import { SessionMarks } from './session-marks.ts';
import { entriesUntil, type ShownQuality, shift, thenShown } from './shown-quality.ts';

/** Better sources replace worse ones. */
const sourceRank: Readonly<Record<StartupSource, number>> = { est: 1, msd: 2, cmcd2: 3, beacon: 4 };
/** One that has said that it ends, and is heard of later than this, goes on: a page that was left and came back. */
const leavingMs = 5000;
/** What players say of their buffers is as exact as this. */
const bufferErrorMs = 1000;

/** What is known of whom a session is. */
export type KnownViewer = Pick<SessionRow, 'network' | 'country' | 'player'>;

export interface SessionIdentity extends Pick<SessionRow, 'id' | 'key' | 'startedAtMs'> {
  readonly viewer: KnownViewer;
}

/** One viewer's time with one stream as it goes on. Kept small: there may be a hundred thousand. */
export class ViewerSession extends SessionMarks {
  readonly id: string;
  readonly key: string;
  readonly viewer: KnownViewer;
  /** Wall clock. Other times count from then on: so small a number takes no memory of its own. */
  startedAtMs: number;
  private seenAfterMs = 0;
  private firstMediaAfterMs: number | undefined;
  private lastMediaAfterMs: number | undefined;
  /** Last sign of it, monotonic. */
  seenMonotonicMs: number;
  /** For so long from then on it counts as watching although nothing more is heard of it. */
  patienceMs = 0;
  endedAtMs: number | undefined;
  /** It is one of those whose requests cannot be told apart. */
  group: AnonymousGroup | undefined;
  format: 'hls' | 'dash' | undefined;
  startupMs: number | undefined;
  startupSource: StartupSource | undefined;
  /** Undefined: it has posted nothing. */
  posted: PostedState | undefined;
  /** Undefined: its requests say nothing of its picture. */
  picture: PictureSigns | undefined;
  watchedMs = 0;
  stalls = 0;
  stalledMs = 0;
  /** Of that, what an earlier server was told: what was watched then is known without it. Undefined: it was told nothing. */
  private stalledBeforeMs: number | undefined;
  latencyMs: number | undefined;
  errors = 0;
  bytes = 0;
  /** The newest. */
  quality: ShownQuality | undefined;
  /** By the clock here. */
  private lastStall: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** What of it was added to the sums of all sessions; undefined: nothing but what was watched. */
  countedWatchMs = 0;
  counted: CountedExperience | undefined;

  constructor({ id, key, viewer, startedAtMs }: SessionIdentity, nowMs: number) {
    super();
    this.id = id;
    this.key = key;
    this.viewer = viewer;
    this.startedAtMs = startedAtMs;
    this.seenMonotonicMs = Math.floor(nowMs);
  }

  /** Its player calls itself by a session id. */
  get isNamed(): boolean {
    return this.key.startsWith('s ');
  }

  get player(): string {
    return this.posted?.playerName ?? this.viewer.player;
  }

  /** ISO 3166-1 alpha-2, or `ZZ`. */
  get country(): string {
    return this.viewer.country;
  }

  /** Last sign of it, wall clock. */
  get seenAtMs(): number {
    return this.startedAtMs + this.seenAfterMs;
  }

  get firstMediaMs(): number | undefined {
    return this.firstMediaAfterMs === undefined ? undefined : this.startedAtMs + this.firstMediaAfterMs;
  }

  get lastMediaMs(): number | undefined {
    return this.lastMediaAfterMs === undefined ? undefined : this.startedAtMs + this.lastMediaAfterMs;
  }

  get hasPageTotals(): boolean {
    return this.posted?.hasPageTotals === true;
  }

  get hasStates(): boolean {
    return this.posted?.states !== undefined;
  }

  get hasResponses(): boolean {
    return this.posted?.hasResponses === true;
  }

  get totalFrames(): number | undefined {
    return this.posted?.totalFrames;
  }

  get droppedFrames(): number | undefined {
    return this.posted?.droppedFrames;
  }

  get isLive(): boolean {
    return this.endedAtMs === undefined;
  }

  isWatching(nowMs: number): boolean {
    return this.endedAtMs === undefined && nowMs < this.seenMonotonicMs + this.patienceMs;
  }

  /** It has just ended: what comes now was on its way before. */
  isLeaving(timeMs: number): boolean {
    return this.endedAtMs !== undefined && timeMs < this.endedAtMs + leavingMs;
  }

  get rendition(): string | undefined {
    return this.quality?.rendition;
  }

  get qualities(): readonly QualityEntry[] {
    return entriesUntil(this.quality, this.startedAtMs, Number.POSITIVE_INFINITY);
  }

  /** `patienceMs`: how long from `nowMs` on it is taken to watch by this sign. */
  seen(timeMs: number, nowMs: number, patienceMs: number): void {
    this.seenAfterMs = Math.max(this.seenAfterMs, timeMs - this.startedAtMs);
    // Whole numbers: others would take memory of their own.
    const seenMs = Math.floor(nowMs);
    this.patienceMs = Math.max(this.seenMonotonicMs + this.patienceMs - seenMs, patienceMs);
    this.seenMonotonicMs = seenMs;
  }

  /** It has asked for something: from the first time on, that it does not ask any more says more than its reports. */
  asked(timeMs: number, nowMs: number, patienceMs: number): void {
    if (!this.asks) this.patienceMs = 0;
    this.asks = true;
    this.seen(timeMs, nowMs, patienceMs);
  }

  /** It was sent media. */
  fetchedMedia(timeMs: number): void {
    const afterMs = timeMs - this.startedAtMs;
    this.firstMediaAfterMs ??= afterMs;
    this.lastMediaAfterMs = Math.max(this.lastMediaAfterMs ?? afterMs, afterMs);
  }

  end(timeMs: number): void {
    this.endedAtMs = Math.max(timeMs, this.startedAtMs);
  }

  /** It goes on after all. */
  reopen(): void {
    this.endedAtMs = undefined;
    this.isTold = false;
  }

  /** Both are one viewer, whom this one knows better. */
  takeOver(other: ViewerSession): void {
    const { seenAtMs, firstMediaMs = other.firstMediaMs, lastMediaMs } = this;
    const startedAtMs = Math.min(this.startedAtMs, other.startedAtMs);
    shift(this.quality, this.startedAtMs - startedAtMs);
    shift(other.quality, other.startedAtMs - startedAtMs);
    this.startedAtMs = startedAtMs;
    this.seenAfterMs = seenAtMs - this.startedAtMs;
    this.firstMediaAfterMs = undefined;
    this.lastMediaAfterMs = undefined;
    for (const mediaMs of [firstMediaMs, lastMediaMs, other.lastMediaMs]) {
      if (mediaMs !== undefined) this.fetchedMedia(mediaMs);
    }
    this.bytes += other.bytes;
    if (other.asks && !this.asks) this.patienceMs = other.patienceMs;
    this.asks ||= other.asks;
    this.quality ??= other.quality;
  }

  started(startupMs: number, source: StartupSource): void {
    if (this.startupSource !== undefined && sourceRank[this.startupSource] >= sourceRank[source]) return;
    this.startupMs = Math.round(startupMs);
    this.startupSource = source;
  }

  /** A stall that nothing has counted the time of. */
  stood(fromMs: number, toMs: number): void {
    this.stalledMs += toMs - fromMs;
    this.movedAgain(fromMs, toMs);
  }

  /** The picture stood: what it waited for came on screen when it moved again. */
  movedAgain(fromMs: number, toMs: number): void {
    this.lastStall = { fromMs, toMs };
    const { quality } = this;
    const { startedAtMs } = this;
    if (quality?.earlier === undefined || startedAtMs + quality.afterMs < fromMs - bufferErrorMs) return;
    quality.afterMs = Math.max(quality.afterMs, wholeMs(toMs - startedAtMs));
  }

  /**
   * From `atMs` on, which may be a moment from now: what was to come later than that does not come any more. `position` orders what is asked
   * for: who asks for the same again in another quality never sees the first.
   */
  showed(rendition: string, atMs: number, reason: string, position = 0): void {
    const { lastStall } = this;
    const isInStall = lastStall !== undefined && atMs > lastStall.fromMs - bufferErrorMs && atMs < lastStall.toMs;
    const afterMs = wholeMs((isInStall ? lastStall.toMs : atMs) - this.startedAtMs);
    // As most requests say: nothing new.
    if (this.quality?.rendition === rendition && this.quality.afterMs <= afterMs) return;
    this.quality = thenShown(this.quality, { afterMs, rendition, reason, position, earlier: undefined });
  }

  /** Smoothed over some eight values. */
  measuredLatency(latencyMs: number): void {
    this.latencyMs = this.latencyMs === undefined ? latencyMs : this.latencyMs + (latencyMs - this.latencyMs) / 8;
  }

  /** How long pictures moved. */
  get watchMs(): number {
    const { posted } = this;
    if (posted?.hasPageTotals) return this.watchedMs + (posted.totalsState === 'playing' ? this.sinceTold : 0);
    if (posted?.states) return this.watchedMs + (posted.states.course.state === 'playing' ? this.sinceTold : 0);
    const stoodMs = this.stalledMs - (this.stalledBeforeMs ?? 0);
    return this.watchedMs + Math.max(0, (this.lastMediaAfterMs ?? 0) - (this.firstMediaAfterMs ?? 0) - stoodMs);
  }

  /** How long it stood still. */
  get stallMs(): number {
    const { posted } = this;
    const isStanding = posted?.hasPageTotals
      ? posted.totalsState === 'rebuffering'
      : posted?.states?.course.stalledSinceMs !== undefined;
    return this.stalledMs + (isStanding ? this.sinceTold : 0);
  }

  /** Something tells whether its picture stands: what it says as it asks, its states, or totals of its own. */
  get tellsStalls(): boolean {
    return this.hasRequests || this.hasStates || this.hasPageTotals || this.stalledBeforeMs !== undefined;
  }

  /** What is not in its totals, or those of its states, yet: by the clock here, as far as there were signs of it. */
  private get sinceTold(): number {
    const { totalsAtMs = 0, states, clockBehindMs = 0 } = this.posted ?? {};
    const toldAtMs = states === undefined ? totalsAtMs : (states.course.stalledSinceMs ?? states.course.sinceMs);
    return Math.max(0, this.seenAtMs - (toldAtMs + clockBehindMs));
  }

  row(streamId: string, node: string): SessionRow {
    const { id, key, startedAtMs, seenAtMs, endedAtMs = null, startupMs = null, startupSource = null } = this;
    const { watchMs, errors, player, country, format = null, bytes } = this;
    const { network } = this.viewer;
    return {
      ...{ id, streamId, key, node, startedAtMs, seenAtMs, endedAtMs, startupMs, startupSource },
      ...{ watchMs: Math.round(watchMs), errors, player, network, country, format, bytes },
      stalls: this.tellsStalls ? this.stalls : null,
      stallMs: this.tellsStalls ? Math.round(this.stallMs) : null,
      qualities: entriesUntil(this.quality, startedAtMs, endedAtMs ?? seenAtMs),
      latencyMs: this.latencyMs === undefined ? null : Math.round(this.latencyMs),
      totalFrames: this.totalFrames ?? null,
      droppedFrames: this.droppedFrames ?? null,
    };
  }

  /** Goes on with what was saved. */
  static restore(row: SessionRow, nowMs: number): ViewerSession {
    const { id, key, startedAtMs, network, country, player } = row;
    const session = new ViewerSession({ id, key, startedAtMs, viewer: { network, country, player } }, nowMs);
    session.seenAfterMs = Math.max(0, row.seenAtMs - row.startedAtMs);
    session.endedAtMs = row.endedAtMs ?? undefined;
    session.format = row.format ?? undefined;
    session.startupMs = row.startupMs ?? undefined;
    session.startupSource = row.startupSource ?? undefined;
    session.watchedMs = row.watchMs;
    session.stalls = row.stalls ?? 0;
    session.stalledMs = row.stallMs ?? 0;
    session.stalledBeforeMs = row.stallMs ?? undefined;
    session.latencyMs = row.latencyMs ?? undefined;
    session.errors = row.errors;
    session.bytes = row.bytes;
    if (row.totalFrames !== null || row.droppedFrames !== null) {
      session.posted = new PostedState();
      session.posted.totalFrames = row.totalFrames ?? undefined;
      session.posted.droppedFrames = row.droppedFrames ?? undefined;
    }
    for (const { atMs, rendition, reason } of row.qualities) {
      const afterMs = atMs - startedAtMs;
      session.quality = { afterMs, rendition, reason, position: 0, earlier: session.quality };
    }
    // Whatever comes next is in the middle of a play.
    session.hasPlayed = row.watchMs > 0 || row.startupMs !== null;
    // The sums are those of this process.
    session.countedWatchMs = row.watchMs;
    session.counted = allCounted(session);
    return session;
  }
}

/** Fractions would take memory of their own, and so would -0. */
function wholeMs(ms: number): number {
  return Math.round(ms) + 0;
}
