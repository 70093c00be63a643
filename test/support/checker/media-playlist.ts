import type { Report } from './findings.ts';
import { type Attributes, type PlaylistLine, readLines } from './playlist-grammar.ts';

export interface CheckedPart {
  readonly uri: string;
  readonly duration: number;
  readonly isIndependent: boolean;
  readonly isGap: boolean;
}

export interface CheckedSegment {
  readonly msn: number;
  readonly uri: string;
  readonly duration: number;
  readonly isGap: boolean;
  readonly isDiscontinuity: boolean;
  /** How many discontinuities came before, by the playlist's own count. */
  readonly discontinuitySequence: number;
  /** As written before this very segment, ms since the epoch. */
  readonly dateTimeMs: number | undefined;
  /** Of this segment, written or counted on. */
  readonly startsAtMs: number | undefined;
  readonly mapUri: string | undefined;
  readonly parts: readonly CheckedPart[];
}

export interface MediaPlaylist {
  readonly version: number;
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number | undefined;
  readonly serverControl: Attributes | undefined;
  readonly partTarget: number | undefined;
  readonly hasIndependentSegments: boolean;
  readonly isEnded: boolean;
  readonly skippedSegments: number | undefined;
  readonly segments: readonly CheckedSegment[];
  /** Parts of the segment that is not complete yet, with what stands before them. */
  readonly open: Omit<CheckedSegment, 'uri' | 'duration'> | undefined;
  readonly hints: readonly Attributes[];
  readonly reports: readonly Attributes[];
}

/** Everything a playlist lists, one number per part or, without parts, per segment: where a client stands. */
export function lastPosition(playlist: MediaPlaylist): { readonly msn: number; readonly part: number | undefined } {
  const { open } = playlist;
  if (open !== undefined && open.parts.length > 0) return { msn: open.msn, part: open.parts.length - 1 };
  const last = playlist.segments.at(-1);
  const parts = last?.parts.length ?? 0;
  return { msn: last?.msn ?? playlist.mediaSequence - 1, part: parts === 0 ? undefined : parts - 1 };
}

interface Pending {
  parts: CheckedPart[];
  duration: number | undefined;
  isGap: boolean;
  isDiscontinuity: boolean;
  dateTimeMs: number | undefined;
}

const newPending = (): Pending => ({
  parts: [],
  duration: undefined,
  isGap: false,
  isDiscontinuity: false,
  dateTimeMs: undefined,
});

/** Reads a media playlist (RFC 8216bis §4), reporting what its grammar and the order of its tags break. */
export function readMediaPlaylist(bytes: Uint8Array, report: Report): MediaPlaylist {
  return new MediaPlaylistReader(readLines(bytes, report), report).read();
}

const headerTags: readonly string[] = [
  'EXT-X-VERSION',
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-DISCONTINUITY-SEQUENCE',
  'EXT-X-SERVER-CONTROL',
  'EXT-X-PART-INF',
  'EXT-X-INDEPENDENT-SEGMENTS',
  'EXT-X-PLAYLIST-TYPE',
];

class MediaPlaylistReader {
  private readonly lines: readonly PlaylistLine[];
  private readonly report: Report;
  private readonly header = new Map<string, { value: string; attributes: Attributes }>();
  private readonly segments: CheckedSegment[] = [];
  private readonly hints: Attributes[] = [];
  private readonly reports: Attributes[] = [];
  private pending = newPending();
  private mapUri: string | undefined;
  private skipped: number | undefined;
  private nextMsn = 0;
  private discontinuities = 0;
  private clockMs: number | undefined;
  private isEnded = false;

  constructor(lines: readonly PlaylistLine[], report: Report) {
    this.lines = lines;
    this.report = report;
  }

  read(): MediaPlaylist {
    for (const line of this.lines) if (line.kind === 'tag' && headerTags.includes(line.name)) this.readHeader(line);
    this.nextMsn = this.headerNumber('EXT-X-MEDIA-SEQUENCE') ?? 0;
    this.discontinuities = this.headerNumber('EXT-X-DISCONTINUITY-SEQUENCE') ?? 0;
    for (const line of this.lines) {
      if (line.kind === 'uri') this.readSegment(line.uri);
      else this.readTag(line.name, line.value, line.attributes);
    }
    const partTarget = this.header.get('EXT-X-PART-INF')?.attributes['PART-TARGET'];
    const open = this.pending.parts.length > 0 || this.pending.isDiscontinuity ? this.describePending() : undefined;
    return {
      version: this.headerNumber('EXT-X-VERSION') ?? 1,
      targetDuration: this.headerNumber('EXT-X-TARGETDURATION') ?? 0,
      mediaSequence: this.headerNumber('EXT-X-MEDIA-SEQUENCE') ?? 0,
      discontinuitySequence: this.headerNumber('EXT-X-DISCONTINUITY-SEQUENCE'),
      serverControl: this.header.get('EXT-X-SERVER-CONTROL')?.attributes,
      partTarget: partTarget === undefined ? undefined : Number(partTarget),
      hasIndependentSegments: this.header.has('EXT-X-INDEPENDENT-SEGMENTS'),
      isEnded: this.isEnded,
      skippedSegments: this.skipped,
      segments: this.segments,
      open,
      hints: this.hints,
      reports: this.reports,
    };
  }

  private headerNumber(name: string): number | undefined {
    const entry = this.header.get(name);
    return entry === undefined ? undefined : Number(entry.value);
  }

  private readHeader(line: PlaylistLine & { kind: 'tag' }): void {
    if (this.header.has(line.name)) this.report('HLS-01', `${line.name} twice`);
    this.header.set(line.name, line);
  }

  private readTag(name: string, value: string, attributes: Attributes): void {
    const { pending } = this;
    const isState = ['EXT-X-DISCONTINUITY', 'EXT-X-PROGRAM-DATE-TIME', 'EXT-X-MAP'].includes(name);
    if (isState && pending.parts.length > 0) this.report('LL-09', `${name} after a part of its segment`);
    if ((isState || headerTags.includes(name)) && this.isEnded) this.report('HLS-01', `${name} after EXT-X-ENDLIST`);
    const hasBegun = this.segments.length > 0 || pending.parts.length > 0;
    switch (name) {
      case 'EXT-X-MEDIA-SEQUENCE':
      case 'EXT-X-DISCONTINUITY-SEQUENCE':
        if (hasBegun || this.skipped !== undefined) this.report('LL-18', `${name} after the first segment or skip`);
        return;
      case 'EXT-X-SKIP':
        if (hasBegun) this.report('LL-18', 'EXT-X-SKIP after a segment');
        this.skipped = Number(attributes['SKIPPED-SEGMENTS']);
        this.nextMsn += this.skipped;
        return;
      case 'EXT-X-MAP':
        this.mapUri = attributes.URI;
        return;
      case 'EXT-X-DISCONTINUITY':
        if (pending.isDiscontinuity) this.report('HLS-10', 'two discontinuities before one segment');
        pending.isDiscontinuity = true;
        this.discontinuities++;
        this.clockMs = undefined;
        return;
      case 'EXT-X-PROGRAM-DATE-TIME':
        pending.dateTimeMs = Date.parse(value);
        this.clockMs = pending.dateTimeMs;
        return;
      case 'EXT-X-GAP':
        pending.isGap = true;
        return;
      case 'EXT-X-PART':
        pending.parts.push(readPart(attributes));
        return;
      case 'EXTINF':
        pending.duration = Number.parseFloat(value);
        return;
      case 'EXT-X-PRELOAD-HINT':
        this.hints.push(attributes);
        return;
      case 'EXT-X-RENDITION-REPORT':
        this.reports.push(attributes);
        return;
      case 'EXT-X-ENDLIST':
        this.isEnded = true;
        return;
      default:
    }
  }

  private describePending(): Omit<CheckedSegment, 'uri' | 'duration'> {
    const { pending } = this;
    return {
      msn: this.nextMsn,
      isGap: pending.isGap,
      isDiscontinuity: pending.isDiscontinuity,
      discontinuitySequence: this.discontinuities,
      dateTimeMs: pending.dateTimeMs,
      startsAtMs: this.clockMs,
      mapUri: this.mapUri,
      parts: pending.parts,
    };
  }

  private readSegment(uri: string): void {
    const { duration } = this.pending;
    if (duration === undefined) this.report('HLS-01', `${uri} without EXTINF`);
    this.segments.push({ ...this.describePending(), uri, duration: duration ?? 0 });
    if (this.clockMs !== undefined) this.clockMs += (duration ?? 0) * 1000;
    this.nextMsn++;
    this.pending = newPending();
  }
}

function readPart(attributes: Attributes): CheckedPart {
  return {
    uri: attributes.URI ?? '',
    duration: Number(attributes.DURATION),
    isIndependent: attributes.INDEPENDENT === 'YES',
    isGap: attributes.GAP === 'YES',
  };
}
