import type { Clock } from '../base/clock.ts';
import type { FeedMessage, Thumbnail } from '../stream/feed.ts';
import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import { snapshotOf, type WindowSnapshot } from '../stream/window-snapshot.ts';
import { listPeriods } from './dash-listing.ts';
import { writeManifest } from './dash-manifest.ts';
import type { DashPeriod } from './dash-period.ts';
import { DashTimeline } from './dash-timeline.ts';
import { DeclaredBitrate, type DeclaredRates } from './declared-bitrate.ts';
import { Followers } from './followers.ts';
import { writeMediaPlaylist, writeTsPlaylist } from './media-playlist.ts';
import { writeMultivariantPlaylist } from './multivariant-playlist.ts';
import type { Container } from './playback-path.ts';
import { cacheControl } from './reply-headers.ts';
import { Resource } from './resource.ts';
import { StreamTexts } from './stream-texts.ts';
import { StreamTraffic } from './stream-traffic.ts';
import { lastTsMsn } from './transport-stream-cutter.ts';
import { presentationOf } from './variant.ts';
import type { WaitingRoom } from './waiting-room.ts';

const playlistType = 'application/vnd.apple.mpegurl';
const manifestType = 'application/dash+xml';

/** All that is known of a stream, for another delivery to go on with. */
export interface StreamSnapshot {
  readonly window: WindowSnapshot;
  readonly periods: readonly DashPeriod[];
  readonly declared: readonly (readonly [string, DeclaredRates])[];
  readonly hasIndependentSegments: boolean;
}

/** One stream as it is delivered: its windows, what was written of them, and who waits for more. */
export class DeliveredStream {
  readonly window: StreamWindow;
  readonly waiting: WaitingRoom;
  readonly timeline: DashTimeline;
  /** Its number in viewer events; 0 before the first. */
  eventNumber = 0;
  /** What viewers were sent of it here. */
  readonly traffic = new StreamTraffic();
  /** Answers that are under way. */
  readonly followers = new Followers();
  isRemoved = false;
  /** Ended so long ago that only segments are still owed to who has just read a playlist. */
  isRetired = false;
  /** Some viewer was told what there is to choose from. */
  hasStarted: boolean;
  private readonly clock: Clock;
  private readonly bitrate: DeclaredBitrate;
  private hasIndependentSegments: boolean;
  private readonly texts = new StreamTexts();
  /** Names of media playlists in `texts`: of each rendition under its own id and under the channel's. */
  private readonly playlistViews = new Map<RenditionWindow, readonly [string, string]>();
  private readonly currentCaching: string;
  private readonly reachedCaching: string;
  private picture: { readonly of: Thumbnail; readonly resource: Resource } | undefined;
  private manifest: { readonly unstamped: string; readonly publishedMs: number } | undefined;

  constructor(window: StreamWindow, clock: Clock, waiting: WaitingRoom, known?: StreamSnapshot) {
    this.window = window;
    this.timeline = new DashTimeline(window, known?.periods);
    this.bitrate = new DeclaredBitrate(known?.declared);
    this.hasIndependentSegments = known?.hasIndependentSegments ?? true;
    this.hasStarted = known !== undefined;
    this.clock = clock;
    this.waiting = waiting;
    this.currentCaching = cacheControl.playlist(window.stream.targetDurationSeconds);
    this.reachedCaching = cacheControl.reachedPlaylist(window.stream.targetDurationSeconds);
  }

  wallMs(): number {
    return this.clock.wallMs();
  }

  /** After the windows have taken the message in. */
  changed(message: FeedMessage): void {
    if (message.type === 'thumbnail') return; // no list changes, and nobody waits for it
    this.texts.version++;
    this.observe(message);
    this.waiting.look(message.type === 'gap' || message.type === 'ended');
    if ('rendition' in message && typeof message.rendition === 'string') this.followers.tell(message.rendition);
    else if (message.type === 'ended') this.followers.tellAll();
  }

  private observe(message: FeedMessage): void {
    switch (message.type) {
      case 'segment':
      case 'gap': {
        const rendition = this.window.renditions.get(message.rendition);
        if (rendition !== undefined) this.timeline.opened(rendition, message.segment, message.type === 'gap');
        return;
      }
      case 'part':
        this.traffic.partListed(message.part, this.clock.wallMs());
        if (message.part.index === 0 && !message.part.isIndependent) this.depends(message.rendition);
        return;
      case 'segment-end':
        this.completed(message.rendition, message.msn);
        return;
      case 'rendition': {
        if (message.rendition.isWithdrawn !== true) return;
        const rendition = this.window.renditions.get(message.rendition.name);
        if (rendition !== undefined) this.timeline.withdrawn(rendition);
        return;
      }
      case 'planned':
        this.bitrate.plan(message.renditions);
        return;
      case 'rendition-gone':
        this.forget(message.rendition);
        return;
    }
  }

  /** A segment of this rendition does not begin with a sync sample. */
  private depends(name: string): void {
    if (this.window.renditions.get(name)?.description.config.kind === 'video') this.hasIndependentSegments = false;
  }

  private completed(name: string, msn: number): void {
    const rendition = this.window.renditions.get(name);
    if (rendition === undefined) return;
    const segment = rendition.find(msn);
    if (segment !== undefined) this.timeline.completed(rendition, segment);
    // Declared now and not when somebody asks, so that every delivery of the stream declares the same.
    this.bitrate.peakBps(name, rendition);
    this.timeline.trim(Math.min(...this.firstListed()));
  }

  /** What was written of a rendition that is gone. */
  private forget(name: string): void {
    for (const rendition of this.playlistViews.keys()) {
      if (rendition.description.name === name) this.playlistViews.delete(rendition);
    }
    this.texts.forget((view) => view.split(' ')[1] === name);
  }

  snapshot(): StreamSnapshot {
    return {
      window: snapshotOf(this.window, this.clock.monotonicMs()),
      periods: this.timeline.periods,
      declared: this.bitrate.entries,
      hasIndependentSegments: this.hasIndependentSegments,
    };
  }

  private firstListed(): number[] {
    return [...this.window.renditions.values()].map(
      (rendition) => rendition.segments[0]?.msn ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Nothing while no variant can be played. */
  multivariant(container: Container, isByChannel: boolean): Resource | undefined {
    const { window: stream, bitrate, hasIndependentSegments } = this;
    const view = `multivariant ${container} ${isByChannel}`;
    const caching = this.presentationCaching(isByChannel);
    const known = this.texts.known(view, caching);
    if (known !== undefined) return known;
    const presentation = presentationOf(stream);
    if (presentation === undefined) return undefined;
    // Of what is planned nothing can be said yet; whatever has media in one container will have it in the other.
    const isSettled = presentation.variants.every(
      ({ rendition }) => rendition?.lastComplete === undefined || lastTsMsn(stream, rendition) > 0,
    );
    if (container === 'ts' && !isSettled) return undefined;
    return this.texts.write({ view, class: 'multivariant', contentType: playlistType, caching }, () =>
      writeMultivariantPlaylist({ stream, container, isByChannel, bitrate, hasIndependentSegments }, presentation),
    );
  }

  /** `isReached`: the URL names a point of the playlist, so its answer stays true. The rendition has a complete segment. */
  mediaPlaylist(
    rendition: RenditionWindow,
    isByChannel: boolean,
    { skip, isReached }: { readonly skip?: 'YES' | 'v2' | undefined; readonly isReached: boolean },
  ): Resource {
    const { window: stream } = this;
    const whole = this.playlistView(rendition, isByChannel);
    const view = skip === undefined ? whole : `${whole} ${skip}`;
    const caching = this.playlistCaching(isByChannel, isReached);
    const known = this.texts.known(view, caching);
    if (known !== undefined) return known;
    return this.texts.write({ view, class: 'playlist', contentType: playlistType, caching }, () =>
      writeMediaPlaylist({ stream, rendition, isByChannel, ...(skip === undefined ? {} : { skip }) }),
    );
  }

  tsPlaylist(rendition: RenditionWindow, isByChannel: boolean): Resource | undefined {
    const { window: stream } = this;
    const lastMsn = lastTsMsn(stream, rendition);
    if ((rendition.segments[0]?.msn ?? Number.POSITIVE_INFINITY) > lastMsn) return undefined;
    const view = `ts ${rendition.description.name} ${isByChannel}`;
    const caching = this.playlistCaching(isByChannel, false);
    return this.texts.write(
      { view, class: 'playlist', contentType: playlistType, caching },
      () => writeTsPlaylist({ stream, rendition, isByChannel, lastMsn }) ?? '',
    );
  }

  /** Nothing before the first Period has a complete segment. */
  dashManifest(isByChannel: boolean): Resource | undefined {
    const { window: stream, timeline, bitrate, hasIndependentSegments } = this;
    const view = `manifest ${isByChannel}`;
    const caching = this.presentationCaching(isByChannel);
    const known = this.texts.known(view, caching);
    if (known !== undefined) return known;
    const listed = listPeriods(stream, timeline);
    if (listed.length === 0) return undefined;
    return this.texts.write({ view, class: 'manifest', contentType: manifestType, caching }, () => {
      const options = { stream, bitrate, hasIndependentSegments };
      const publishTime = this.publishTime(writeManifest({ ...options, isByChannel: false }, listed)(''));
      return writeManifest({ ...options, isByChannel }, listed)(publishTime);
    });
  }

  /** The newest picture, under whatever name it is asked for; nothing before the first. */
  thumbnail(): Resource | undefined {
    const { thumbnail, stream } = this.window;
    if (thumbnail === undefined) return undefined;
    if (this.picture?.of !== thumbnail) {
      const { jpeg, madeAtMs } = thumbnail;
      const resource = new Resource({
        class: 'thumbnail',
        contentType: 'image/jpeg',
        cacheControl: cacheControl.thumbnail,
        body: [jpeg],
        etag: `${stream.streamId}-${madeAtMs}`,
        modifiedAtMs: madeAtMs,
      });
      this.picture = { of: thumbnail, resource };
    }
    return this.picture.resource;
  }

  /** Changes exactly when the MPD does. By the media's clock, so that threads and nodes that say the same say it was at the same time. */
  private publishTime(unstamped: string): string {
    const { manifest: before } = this;
    if (before?.unstamped !== unstamped) {
      const publishedMs = Math.max(this.newestMs(), (before?.publishedMs ?? 0) + 1);
      this.manifest = { unstamped, publishedMs };
    }
    return new Date(this.manifest!.publishedMs).toISOString();
  }

  /** Up to when there are complete segments, ms since the epoch. */
  private newestMs(): number {
    let newestMs = 0;
    for (const { lastComplete, description } of this.window.renditions.values()) {
      if (lastComplete === undefined) continue;
      const endTicks = lastComplete.startTicks + lastComplete.durationTicks;
      newestMs = Math.max(newestMs, Math.round((endTicks * 1000) / description.timescale));
    }
    return this.window.stream.availabilityStartMs + newestMs;
  }

  /** Whether a grid says that a rung has this segment, with which DASH clients need not ask anybody else. */
  isPromised({ description }: RenditionWindow, msn: number): boolean {
    const period = this.timeline.periodOf(msn);
    return period?.addressing.mode === 'number' && period.offered.has(description.name);
  }

  /** Whether DASH clients may take this segment while it is being made. */
  isChunked(segment: Segment): boolean {
    return this.timeline.periodOf(segment.msn)?.addressing.mode === 'number';
  }

  private presentationCaching(isByChannel: boolean): string {
    return isByChannel ? cacheControl.byChannel : cacheControl.presentation(this.window.stream.targetDurationSeconds);
  }

  private playlistCaching(isByChannel: boolean, isReached: boolean): string {
    if (isByChannel) return cacheControl.byChannel;
    return isReached ? this.reachedCaching : this.currentCaching;
  }

  private playlistView(rendition: RenditionWindow, isByChannel: boolean): string {
    let views = this.playlistViews.get(rendition);
    if (views === undefined) {
      const { name } = rendition.description;
      views = [`playlist ${name} own`, `playlist ${name} channel`];
      this.playlistViews.set(rendition, views);
    }
    return views[isByChannel ? 1 : 0];
  }
}
