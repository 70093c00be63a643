import type { TrackConfig } from '../media/track.ts';

/**
 * The part feed: everything delivery ever learns about media, as messages in order. A message can cross a thread or a
 * network as it is; whoever applies them in order (windows.ts) holds the same windows as everybody else.
 *
 * Stream time starts near zero when the stream is created and only grows, over reconnects and restarts too:
 * `availabilityStartMs` + start is the wall clock time of a frame (EXT-X-PROGRAM-DATE-TIME, MPD@availabilityStartTime).
 */
export type FeedMessage =
  | { readonly type: 'stream'; readonly stream: StreamDescription }
  | { readonly type: 'rendition'; readonly streamId: string; readonly rendition: RenditionDescription }
  /**
   * The transcoded renditions that are wanted, best first, in place of all that were said before. Behind `stream`, and behind each
   * new one of it: players read once what there is to choose from, so what is said before the first segments is known to all.
   */
  | { readonly type: 'planned'; readonly streamId: string; readonly renditions: readonly PlannedRendition[] }
  | { readonly type: 'segment'; readonly streamId: string; readonly rendition: string; readonly segment: SegmentStart }
  | { readonly type: 'part'; readonly streamId: string; readonly rendition: string; readonly part: Part }
  | {
      readonly type: 'segment-end';
      readonly streamId: string;
      readonly rendition: string;
      readonly msn: number;
      /** Where it ends although media is missing before: it counts as a gap, but its parts are there (EXT-X-GAP, RFC 8216bis §4.4.4.7). */
      readonly brokenUntilTicks?: number;
    }
  /** The segment that was begun will not be, and its number will be used again: its maker died before the first part. */
  | { readonly type: 'segment-abandoned'; readonly streamId: string; readonly rendition: string }
  /** Nothing of the rendition is listed any more, and nothing will be: its playlist is over, without an end of the stream. */
  | { readonly type: 'rendition-gone'; readonly streamId: string; readonly rendition: string }
  /** From now on playlists list this much media. */
  | { readonly type: 'window'; readonly streamId: string; readonly windowMs: number }
  /** A whole segment for which there is no media (EXT-X-GAP). */
  | {
      readonly type: 'gap';
      readonly streamId: string;
      readonly rendition: string;
      readonly segment: SegmentStart;
      readonly durationTicks: number;
    }
  /** What the stream looks like now, in place of the picture before. */
  | { readonly type: 'thumbnail'; readonly streamId: string; readonly thumbnail: Thumbnail }
  /** Media stopped (true) or goes on (false): while it is stopped nothing is promised about the next part. */
  | { readonly type: 'interrupted'; readonly streamId: string; readonly interrupted: boolean }
  /** No media will follow: playlists end. */
  | { readonly type: 'ended'; readonly streamId: string };

/** Applies or transports a feed message. Never blocks. */
export type FeedSink = (message: FeedMessage) => void;

/** What is fixed for the life of a stream. */
export interface StreamDescription {
  readonly streamId: string;
  readonly channel: string;
  /** Wall clock of stream time zero, ms since the epoch. */
  readonly availabilityStartMs: number;
  /** EXT-X-TARGETDURATION. */
  readonly targetDurationSeconds: number;
  /** PART-TARGET. */
  readonly partTargetMs: number;
  /** How much media a playlist lists; at least six target durations. */
  readonly windowMs: number;
}

/** One rendition, sent when it appears and again, with a new init version, when its encoding changes. */
export interface RenditionDescription {
  /** `source`, `720p`, …, or `audio`. */
  readonly name: string;
  readonly config: TrackConfig;
  /** Ticks per second of all times of this rendition. */
  readonly timescale: number;
  /** Measured, of the first frames; absent for audio. */
  readonly frameRate?: number;
  /**
   * How far decode times were moved later so that a segment begins at its first presentation time (CMAF without edit lists).
   * Writers that must not present before they decode (MPEG-TS) move them back by this.
   */
  readonly decodeDelayTicks: number;
  readonly init: { readonly version: number; readonly bytes: Uint8Array };
  /** Only gaps will follow: nobody new should be offered it. It is offered again by a description without this. */
  readonly isWithdrawn?: boolean;
  /** Bit rates that an earlier process measured, before this one has any media. */
  readonly measured?: MeasuredBitrate;
}

/** A small still picture of a stream. */
export interface Thumbnail {
  readonly jpeg: Uint8Array;
  /** Wall clock, ms since the epoch; a stream's next one is made later. */
  readonly madeAtMs: number;
}

/** What a transcoded rendition will be, said before there is any media of it. */
export interface PlannedRendition {
  /** `720p`, … */
  readonly name: string;
  /** RFC 6381, as in CODECS. */
  readonly codecString: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Frames per second. */
  readonly frameRate?: number;
  /** Without sound. */
  readonly averageBps: number;
  /** The peak segment bit rate that will not be exceeded, without sound. */
  readonly peakBps: number;
  /** Made only while somebody asks for something of it: while nobody does, its segments are gaps. */
  readonly isOnDemand?: boolean;
}

export interface MeasuredBitrate {
  readonly peakBps: number;
  readonly averageBps: number;
}

export interface SegmentStart {
  /** Media sequence number; the first is 1. Equal numbers of different renditions cover the same time. */
  readonly msn: number;
  readonly startTicks: number;
  /** An EXT-X-DISCONTINUITY stands before this segment. */
  readonly isDiscontinuity: boolean;
  /** How many discontinuities the stream has had up to and including this segment. */
  readonly discontinuitySequence: number;
  readonly initVersion: number;
}

/** One CMAF chunk: moof + mdat, the first of a segment with styp and prft before it. */
export interface Part {
  readonly msn: number;
  readonly index: number;
  readonly startTicks: number;
  readonly durationTicks: number;
  /** Begins with a sync sample. */
  readonly isIndependent: boolean;
  /** The segment will probably end with this part: the next one to come is the first of the following segment. */
  readonly isPredictedLast: boolean;
  /** Of parts whose way through the server is measured. */
  readonly arrival?: PartArrival;
  readonly bytes: Uint8Array;
}

/** When the first and the last frame of a part came from the publisher, wall clock ms. */
export interface PartArrival {
  readonly firstMs: number;
  readonly lastMs: number;
}
