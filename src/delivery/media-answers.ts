import type { Clock } from '../base/clock.ts';
import type { Part } from '../stream/feed.ts';
import type { RenditionWindow, Segment } from '../stream/window.ts';
import { hintedPart } from './blocking-reload.ts';
import type { DeliveredStream } from './delivered-stream.ts';
import { type Problem, problem } from './problem.ts';
import { ProgressiveSegment } from './progressive-segment.ts';
import { cacheControl } from './reply-headers.ts';
import { Resource } from './resource.ts';
import { stillSegment } from './still-segment.ts';
import type { TransportStreamCutter } from './transport-stream-cutter.ts';
import { referenceOf } from './variant.ts';
import type { Hold, Resolution } from './waiting-room.ts';

/** How much before its beginning a DASH segment may be asked for: clocks are not quite equal, and frames do not arrive evenly. */

/** Finds media of one stream: what exists, what is worth waiting for, and what is not there. */
export class MediaAnswers {
  private readonly clock: Clock;
  private readonly cutter: TransportStreamCutter;
  /** By what they are made of, so that they go when the media goes. */
  private readonly resources = new WeakMap<object, Resource>();

  constructor(clock: Clock, cutter: TransportStreamCutter) {
    this.clock = clock;
    this.cutter = cutter;
  }

  init(stream: DeliveredStream, rendition: RenditionWindow, version: number, path: string): Resolution {
    const description = rendition.descriptions.get(version);
    if (description === undefined) return missing(path);
    return this.media(description, 'init', rendition, path, [description.init.bytes], mp4Type(rendition), stream);
  }

  part(
    stream: DeliveredStream,
    rendition: RenditionWindow,
    { msn, index, path }: { readonly msn: number; readonly index: number; readonly path: string },
  ): Resolution | Hold {
    const find = (): Resolution | undefined => {
      const segment = rendition.find(msn);
      const part = segment?.parts[index];
      if (part !== undefined) return this.partResource(stream, rendition, part);
      // The hint was abandoned: the segment ended without this part, or there will be no more media.
      const isOver = segment?.isComplete === true || rendition.isGone || stream.window.isEnded;
      return isOver ? missing(path) : undefined;
    };
    const found = find();
    if (found !== undefined) return found;
    const hint = hintedPart(stream.window, rendition);
    if (hint?.msn !== msn || hint.index !== index) return missing(path);
    const { targetDurationSeconds } = stream.window.stream;
    return { key: path, timeoutMs: 3000 * targetDurationSeconds, test: find };
  }

  /** A whole segment; for DASH also one that is being made, where the grid allows it. */
  segment(
    stream: DeliveredStream,
    rendition: RenditionWindow,
    { msn, path, protocol }: { readonly msn: number; readonly path: string; readonly protocol: 'hls' | 'dash' },
  ): Resolution | Hold {
    const found = rendition.find(msn);
    if (found?.isComplete === true) {
      // Of one that broke off there is something, which DASH clients may have been promised.
      if (found.parts.length === 0) return this.gap(stream, rendition, found, { path, protocol });
      const body = found.parts.map((part) => part.bytes);
      return this.media(found, 'segment', rendition, path, body, mp4Type(rendition), stream);
    }
    if (protocol === 'hls' || stream.window.isEnded) return missing(path);
    if (found !== undefined && found.parts.length > 0) {
      return stream.isChunked(found)
        ? new ProgressiveSegment(stream, rendition, found, mp4Type(rendition))
        : missing(path);
    }
    return this.dueSegment(stream, rendition, msn, path);
  }

  /** HLS lists gaps as such; where a grid has promised a segment to DASH clients, they are shown a picture that stands still. */
  private gap(
    stream: DeliveredStream,
    rendition: RenditionWindow,
    gap: Segment,
    { path, protocol }: { readonly path: string; readonly protocol: 'hls' | 'dash' },
  ): Resolution {
    if (protocol === 'hls' || !stream.isPromised(rendition, gap.msn)) return missing(path);
    const known = this.resources.get(gap);
    if (known !== undefined) return known;
    const still = stillSegment(rendition, gap, stream.window.stream.availabilityStartMs);
    if (still === undefined) return missing(path);
    return this.media(gap, 'segment', rendition, path, [still], mp4Type(rendition), stream);
  }

  /** The picture and sound of one number as MPEG-TS. */
  transportStream(
    stream: DeliveredStream,
    rendition: RenditionWindow,
    segment: Segment | undefined,
    path: string,
    lastMsn: number,
  ): Resolution {
    if (segment === undefined || segment.isGap || !segment.isComplete || segment.msn > lastMsn) return missing(path);
    const bytes = this.cutter.cut(stream.window, rendition, segment);
    return this.media(bytes, 'ts-segment', rendition, path, [bytes], 'video/mp2t', stream);
  }

  /**
   * The next segment of a grid is waited for until its first part is whole: waiting beats a 404 that a cache might keep beyond the time the
   * part is there. Shaka asks as early as the manifest's availabilityTimeOffset before its beginning when it catches up after its network was
   * gone, and plays nothing more once it has got a 404. Before that it does not exist.
   */
  private dueSegment(
    stream: DeliveredStream,
    rendition: RenditionWindow,
    msn: number,
    path: string,
  ): Resolution | Hold {
    const { window, timeline } = stream;
    const { availabilityStartMs, targetDurationSeconds } = window.stream;
    const period = timeline.periodOf(msn);
    const newestMsn = rendition.lastSegment?.msn ?? 0;
    // A rung may be a segment behind what it is made from, by which clients reckon.
    const dueMsn = Math.max(newestMsn, referenceOf(window)?.lastSegment?.msn ?? 0) + 1;
    if (msn < newestMsn || msn > dueMsn) return missing(path, `the newest segment is ${newestMsn}`);
    const isPromised = stream.isPromised(rendition, msn);
    if (rendition.description.isWithdrawn === true && !isPromised) {
      return missing(path, 'this rendition is not made any more');
    }
    if (period?.addressing.mode !== 'number') return missing(path, 'it can be had when it is complete');
    if (window.isInterrupted) return missing(path, 'the broadcast is interrupted');
    const segmentMs = period.addressing.segmentSeconds * 1000;
    const nominalMs = period.startSeconds * 1000 + (msn - period.firstMsn) * segmentMs;
    const earlierMs = availabilityStartMs + nominalMs - this.clock.wallMs();
    if (earlierMs > segmentMs - window.stream.partTargetMs)
      return missing(path, `its time comes in ${earlierMs.toFixed(0)} ms`);
    const find = (): Resolution | undefined => {
      if (window.isEnded || window.isInterrupted || rendition.isGone) return missing(path);
      const segment = rendition.find(msn);
      if (segment === undefined || (segment.parts.length === 0 && !segment.isComplete)) return undefined;
      if (!segment.isComplete && !stream.isChunked(segment)) return missing(path);
      const answer = this.segment(stream, rendition, { msn, path, protocol: 'dash' });
      return 'replyTo' in answer ? answer : missing(path);
    };
    return {
      key: `chunked ${path}`,
      timeoutMs: Math.max(0, earlierMs) + 1000 * targetDurationSeconds,
      test: find,
      onTimeout: () => missing(path, 'it was due, but no media came'),
    };
  }

  private partResource(stream: DeliveredStream, rendition: RenditionWindow, part: Part): Resource {
    const name = `${part.msn}.${part.index}`;
    return this.media(part, 'part', rendition, name, [part.bytes], mp4Type(rendition), stream);
  }

  private media(
    source: object,
    replyClass: 'init' | 'segment' | 'part' | 'ts-segment',
    rendition: RenditionWindow,
    path: string,
    body: readonly Uint8Array[],
    contentType: string,
    { window }: DeliveredStream,
  ): Resource {
    let resource = this.resources.get(source);
    if (resource === undefined) {
      // A media URL never means two things, so its place in the stream is its tag.
      const file = path.slice(path.lastIndexOf('/') + 1);
      const etag = `${window.stream.streamId}-${rendition.description.name}-${file}`;
      resource = new Resource({ class: replyClass, contentType, cacheControl: cacheControl.immutable, body, etag });
      this.resources.set(source, resource);
    }
    return resource;
  }
}

export function missing(path: string, why?: string): Problem {
  return problem('DELIVERY_MEDIA_NOT_FOUND', { path, ...(why === undefined ? {} : { why }) });
}

function mp4Type({ description }: RenditionWindow): string {
  return `${description.config.kind}/mp4`;
}
