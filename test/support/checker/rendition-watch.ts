import type { Availability } from './availability.ts';
import { checkInit, checkSegment, type InitFacts, type SegmentFacts } from './cmaf-rules.ts';
import type { Fetched, Fetching } from './fetch.ts';
import type { Findings, Report } from './findings.ts';
import type { MachinePressure } from './machine-pressure.ts';
import {
  type CheckedPart,
  type CheckedSegment,
  lastPosition,
  type MediaPlaylist,
  readMediaPlaylist,
} from './media-playlist.ts';
import { checkMediaPlaylist } from './media-rules.ts';
import { checkMutation, differenceOf } from './mutation-rules.ts';
import { checkTransportSegment } from './ts-rules.ts';

/** How much later than allowed something may be seen: polling every 100 ms, and two busy cores. */
export interface Tolerances {
  readonly lateMs: number;
  /** Within which the bytes of a finished object arrive over loopback. */
  readonly dripMs: number;
}

export interface SegmentRecord {
  readonly listing: CheckedSegment;
  readonly fetched: Fetched;
  readonly facts: SegmentFacts | undefined;
}

/** One media playlist as seen from outside: every version of it, every URI it ever listed, and their bytes. */
export class RenditionWatch {
  readonly url: string;
  readonly name: string;
  readonly isTransportStream: boolean;
  latest: MediaPlaylist | undefined;
  /** What was listed, by number; the first listing counts. */
  readonly listed = new Map<number, CheckedSegment>();
  readonly segments = new Map<number, SegmentRecord>();
  readonly inits = new Map<string, InitFacts>();
  readonly initBytes = new Map<string, Uint8Array>();
  readonly partCounts = new Map<number, number>();
  readonly positions: { readonly atMs: number; readonly msn: number; readonly part: number }[] = [];
  versions = 0;
  private readonly fetcher: Fetching;
  private readonly availability: Availability;
  private readonly tolerances: Tolerances;
  private readonly pressure: Pick<MachinePressure, 'stalledMs'>;
  private readonly report: Report;
  private readonly lastBySeries = new Map<string, { text: string; playlist: MediaPlaylist }>();
  private readonly parts = new Map<string, Promise<Fetched | undefined>>();
  private readonly listedParts = new Map<string, Fetched>();
  private readonly pending = new Set<Promise<unknown>>();
  private lastSegmentMs: number | undefined;
  private lastPartMs: number | undefined;
  private longestPlaylistSeconds = 0;

  constructor(
    url: string,
    name: string,
    fetcher: Fetching,
    availability: Availability,
    findings: Findings,
    tolerances: Tolerances,
    pressure: Pick<MachinePressure, 'stalledMs'>,
  ) {
    this.url = url;
    this.name = name;
    this.isTransportStream = /ts\.m3u8$/.test(new URL(url).pathname);
    this.fetcher = fetcher;
    this.availability = availability;
    this.tolerances = tolerances;
    this.pressure = pressure;
    this.report = findings.at(name);
  }

  /** Takes in one answer of this playlist. Answers of one `series` come in order; `undefined` when it was a delta or no playlist. */
  observe(series: string, answer: Fetched): MediaPlaylist | undefined {
    const text = new TextDecoder().decode(answer.body);
    const last = this.lastBySeries.get(series);
    if (last?.text === text) return last.playlist;
    const report: Report = (rule, detail) => this.report(rule, `${series}: ${detail}`);
    if (!/^application\/vnd\.apple\.mpegurl\b/.test(answer.headers['content-type'] ?? '')) {
      report('HLS-01', `content-type ${answer.headers['content-type']}`);
    }
    const playlist = readMediaPlaylist(answer.body, report);
    checkMediaPlaylist(playlist, this.isTransportStream, report);
    if (playlist.skippedSegments !== undefined) {
      this.mergeDelta(playlist, report);
      return undefined;
    }
    if (last !== undefined) checkMutation(last.playlist, playlist, report);
    this.lastBySeries.set(series, { text, playlist });
    this.versions++;
    this.take(playlist, answer.lastByteMs, report);
    return playlist;
  }

  /** Codecs of everything that is listed now, as far as its init segments have been read. */
  listedCodecs(): string[] {
    const maps = new Set(
      this.latest?.segments.flatMap(({ mapUri, isGap }) => (isGap || mapUri === undefined ? [] : [mapUri])),
    );
    return [...maps].flatMap((mapUri) => this.inits.get(new URL(mapUri, this.url).href)?.codec ?? []);
  }

  /** Waits for everything that was asked for. */
  async settle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  private take(playlist: MediaPlaylist, atMs: number, report: Report): void {
    this.longestPlaylistSeconds = Math.max(
      this.longestPlaylistSeconds,
      playlist.segments.reduce((total, segment) => total + segment.duration, 0),
    );
    for (const segment of playlist.segments) {
      if (segment.parts.length > 0) this.partCounts.set(segment.msn, segment.parts.length);
      this.takeSegment(segment, playlist, atMs, report);
    }
    for (const segment of [...playlist.segments, ...(playlist.open === undefined ? [] : [playlist.open])]) {
      const isBreak = segment.isDiscontinuity || segment.isGap;
      for (const [index, part] of segment.parts.entries()) {
        this.takePart(part, playlist, atMs, isBreak && index === 0, segment.mapUri);
      }
    }
    if (this.latest === undefined || isNewer(playlist, this.latest)) this.notePosition(playlist, atMs);
    this.forgetParts(playlist, atMs);
  }

  private takeSegment(segment: CheckedSegment, playlist: MediaPlaylist, atMs: number, report: Report): void {
    const known = this.listed.get(segment.msn);
    if (known !== undefined) {
      const difference = differenceOf(known, segment);
      if (difference !== undefined) report('HLS-05', `segment ${segment.msn} changed: ${difference}`);
      return;
    }
    const isFirstLook = this.lastSegmentMs === undefined || this.latest === undefined;
    this.listed.set(segment.msn, segment);
    if (!isFirstLook && this.lastSegmentMs !== undefined) {
      const sinceMs = atMs - this.lastSegmentMs;
      const limitMs = 1500 * playlist.targetDuration + this.allowedLateMs(this.lastSegmentMs, atMs);
      if (sinceMs > limitMs) report('HLS-06', `segment ${segment.msn} came after ${sinceMs.toFixed(0)} ms`);
    }
    this.lastSegmentMs = atMs;
    if (segment.isGap) return;
    this.track(this.fetchSegment(segment, atMs, !isFirstLook));
  }

  private takePart(
    part: CheckedPart,
    playlist: MediaPlaylist,
    atMs: number,
    isAfterBreak: boolean,
    mapUri: string | undefined,
  ): void {
    if (this.parts.has(part.uri)) return;
    const beforeMs = this.latest === undefined ? atMs : (this.lastPartMs ?? atMs);
    const sinceMs = atMs - beforeMs;
    const limitMs = (playlist.partTarget ?? 0) * 1000 + this.allowedLateMs(beforeMs, atMs);
    if (sinceMs > limitMs && !isAfterBreak)
      this.report('LL-05', `${part.uri} came ${sinceMs.toFixed(0)} ms after the part before`);
    this.lastPartMs = atMs;
    if (part.isGap) return;
    const fetching = this.fetchPart(part, mapUri);
    this.parts.set(part.uri, fetching);
    this.track(fetching);
  }

  private async fetchPart(part: CheckedPart, mapUri: string | undefined): Promise<Fetched | undefined> {
    const fetched = await this.fetchListed(part.uri, 'HLS-18');
    if (fetched === undefined) return undefined;
    this.listedParts.set(part.uri, fetched);
    const init = await this.initOf(mapUri);
    if (init === undefined) return fetched;
    const facts = checkSegment(fetched.body, init, false, (rule, detail) =>
      this.report(rule, `${part.uri}: ${detail}`),
    );
    if (facts === undefined) return fetched;
    const seconds = facts.durationTicks / init.timescale;
    if (Math.abs(seconds - part.duration) > 0.001)
      this.report('HLS-17', `${part.uri}: DURATION ${part.duration}, media ${seconds}`);
    if (init.isVideo && part.isIndependent && !facts.beginsWithSync) {
      this.report('HLS-13', `${part.uri} says INDEPENDENT, but begins with no sync sample`);
    }
    return fetched;
  }

  private async fetchSegment(segment: CheckedSegment, listedMs: number, wasSeenComing: boolean): Promise<void> {
    const fetched = await this.fetchListed(segment.uri, 'HLS-18');
    if (fetched === undefined) return;
    if (wasSeenComing) {
      const deadlineMs = listedMs + 1000 * (segment.duration + this.longestPlaylistSeconds);
      this.availability.expect(fetched, deadlineMs, 'HLS-08');
    }
    const report: Report = (rule, detail) => this.report(rule, `${segment.uri}: ${detail}`);
    if (this.isTransportStream) {
      checkTransportSegment(fetched.body, report);
      this.segments.set(segment.msn, { listing: segment, fetched, facts: undefined });
      return;
    }
    const init = await this.initOf(segment.mapUri);
    const facts = init === undefined ? undefined : checkSegment(fetched.body, init, true, report);
    this.segments.set(segment.msn, { listing: segment, fetched, facts });
    if (init === undefined || facts === undefined) return;
    const seconds = facts.durationTicks / init.timescale;
    if (Math.abs(seconds - segment.duration) > 0.001) report('HLS-17', `EXTINF ${segment.duration}, media ${seconds}`);
    if (init.isVideo && !facts.beginsWithSync) report('HLS-13', 'does not begin with a sync sample');
    await this.checkParts(segment, fetched, report);
  }

  private async checkParts(segment: CheckedSegment, whole: Fetched, report: Report): Promise<void> {
    if (segment.parts.length === 0) return;
    const parts = await Promise.all(segment.parts.map((part) => this.parts.get(part.uri)));
    if (parts.some((part) => part === undefined)) return;
    const joined = Buffer.concat(parts.map((part) => part?.body ?? new Uint8Array()));
    if (!joined.equals(whole.body))
      report('LL-06', `its ${parts.length} parts are not its bytes (${joined.length} of ${whole.body.length})`);
  }

  private initOf(uri: string | undefined): Promise<InitFacts | undefined> {
    if (uri === undefined) return Promise.resolve(undefined);
    const url = new URL(uri, this.url).href;
    const known = this.inits.get(url);
    if (known !== undefined) return Promise.resolve(known);
    return this.fetchListed(uri, 'HLS-14').then((fetched) => {
      if (fetched === undefined) return undefined;
      const facts = checkInit(fetched.body, (rule, detail) => this.report(rule, `${uri}: ${detail}`));
      if (facts !== undefined) this.inits.set(url, facts);
      this.initBytes.set(url, fetched.body);
      return facts;
    });
  }

  /** HLS-18: what is listed is there, whole, and comes at once. */
  private async fetchListed(uri: string, rule: string): Promise<Fetched | undefined> {
    try {
      const fetched = await this.fetcher.fetch(new URL(uri, this.url).href);
      if (fetched.status !== 200) {
        this.report(rule, `${uri} is listed, but ${fetched.status}`);
        return undefined;
      }
      if (Number(fetched.headers['content-length']) !== fetched.body.length)
        this.report('HLS-18', `${uri}: no Content-Length`);
      const drippedMs = fetched.lastByteMs - fetched.firstByteMs;
      const dripMs = this.tolerances.dripMs + this.pressure.stalledMs(fetched.firstByteMs, fetched.lastByteMs);
      if (drippedMs > dripMs) this.report('LL-07', `${uri}: its bytes took ${drippedMs.toFixed(0)} ms`);
      if (!/immutable|max-age=\d{4,}/.test(fetched.headers['cache-control'] ?? '')) {
        this.report('HTTP-01', `${uri}: cache-control ${fetched.headers['cache-control']}`);
      }
      return fetched;
    } catch (error) {
      this.report(rule, `${uri}: ${String(error)}`);
      return undefined;
    }
  }

  /** What polling, and a machine that had no processor to spare, can make late. */
  private allowedLateMs(fromMs: number, toMs: number): number {
    return this.tolerances.lateMs + this.pressure.stalledMs(fromMs, toMs);
  }

  private notePosition(playlist: MediaPlaylist, atMs: number): void {
    this.latest = playlist;
    const { msn, part } = lastPosition(playlist);
    this.positions.push({ atMs, msn, part: part ?? 0 });
  }

  /** LL-06: parts that are listed no more stay three target durations longer. */
  private forgetParts(playlist: MediaPlaylist, atMs: number): void {
    if (playlist !== this.latest) return;
    const still = new Set<string>();
    for (const segment of [...playlist.segments, ...(playlist.open === undefined ? [] : [playlist.open])]) {
      for (const part of segment.parts) still.add(part.uri);
    }
    for (const [uri, fetched] of this.listedParts) {
      if (still.has(uri)) continue;
      this.listedParts.delete(uri);
      this.availability.expect(fetched, atMs + 3000 * playlist.targetDuration, 'LL-06');
    }
  }

  /** LL-18: what is skipped must be known, and what is listed must be what everybody else is told. */
  private mergeDelta(delta: MediaPlaylist, report: Report): void {
    const skipped = delta.skippedSegments ?? 0;
    let skippedDiscontinuities = 0;
    for (let msn = delta.mediaSequence; msn < delta.mediaSequence + skipped; msn++) {
      const known = this.listed.get(msn);
      if (known === undefined) report('LL-18', `skips segment ${msn}, which was never listed`);
      else if (known.isDiscontinuity) skippedDiscontinuities++;
    }
    for (const segment of delta.segments) {
      const known = this.listed.get(segment.msn);
      const discontinuitySequence = segment.discontinuitySequence + skippedDiscontinuities;
      const difference = known === undefined ? undefined : differenceOf(known, { ...segment, discontinuitySequence });
      if (difference !== undefined)
        report('LL-18', `segment ${segment.msn} differs from the whole playlist: ${difference}`);
    }
    const [first] = delta.segments;
    if (first !== undefined && first.mapUri === undefined && !this.isTransportStream && !first.isGap) {
      report('LL-18', 'EXT-X-MAP is not repeated');
    }
  }

  private track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }
}

function isNewer(a: MediaPlaylist, b: MediaPlaylist): boolean {
  const [left, right] = [lastPosition(a), lastPosition(b)];
  return (
    left.msn > right.msn ||
    (left.msn === right.msn && (left.part ?? 0) > (right.part ?? 0)) ||
    (a.isEnded && !b.isEnded)
  );
}
