import type { AccessUnit, AudioConfig, SourceAudioConfig, VideoConfig } from '../media/track.ts';
import type { PlannedRendition } from './feed.ts';

export interface MediaStart<Audio extends SourceAudioConfig = AudioConfig> {
  readonly startMs: number;
  readonly video?: VideoConfig;
  readonly audio?: Audio;
  /** The sound is known to be there, and comes a little later than the picture: viewers are told of it from the start. */
  readonly isAudioDue?: boolean;
}

/**
 * What a live stream hands its media to (the packager). All times are stream time in milliseconds; access units of one track
 * come with growing decode times. Bytes are only lent for the call.
 */
export interface MediaSink<Audio extends SourceAudioConfig = AudioConfig> {
  /** Whether the time that passes is being filled with gaps: video goes on only after another `begin`. */
  readonly isGapping: boolean;
  /** Stream time up to which there is media or a gap, ms: nothing can begin before. */
  readonly endMs: number;
  /** Frames that follow start here, after a beginning, an absence or a jump: with a keyframe if there is video. */
  begin(start: MediaStart<Audio>): void;
  /** The track changes its encoding, or is new: from the next keyframe on. */
  configure(config: VideoConfig | Audio): void;
  accessUnit(unit: AccessUnit): void;
  /** Time jumped: the next segment is a discontinuity. */
  markDiscontinuity(): void;
  /** The publisher is gone for now: what is open becomes a segment. */
  interrupt(): void;
  /** Time goes on: decides about gaps. `nowMs` is the stream time of this moment. */
  tick(nowMs: number): void;
  /** No media will come any more. */
  end(): void;
}

/**
 * What hands in the transcoded renditions (rungs) of a stream that has a MediaSink. Frames of one rung come with growing decode
 * times, a little after the source's they were made of, at exactly their presentation times (stream time, ms): every keyframe
 * of the source has one of its own, further ones are free. What is said of a rung that was not added is ignored.
 */
export interface RungSink {
  /** Added, or of an earlier process, and not gone yet. */
  readonly rungNames: readonly string[];
  /** What will be there to choose from beside the source, best first, in place of what was planned before. */
  planRungs(planned: readonly PlannedRendition[]): void;
  /** Frames of a rung will come. It is described with its first one; what it misses until then is listed as gaps. */
  addRung(name: string): void;
  /** The frames that follow are of this encoding: before the first one behind `addRung`, and whenever it changes. */
  configureRung(name: string, config: VideoConfig): void;
  rungAccessUnit(name: string, unit: AccessUnit): void;
  /** No more frames will come. Its playlist goes on with gaps while anything of it may be asked for, unless it is added again. */
  removeRung(name: string): void;
}

/**
 * What lets a rung lead where the source cannot be offered as it is: MediaSink is told of this rung what it would be told of the
 * source, and the other rungs follow it.
 */
export interface LeadSink {
  /** The rendition whose keyframes decide about segments: `source`, or the rung in its place. Undefined before there was any video. */
  readonly lead: { readonly name: string; readonly config: VideoConfig } | undefined;
  /** Whether viewers can see the stream. */
  readonly isListed: boolean;
  /** From the first beginning on this rung leads; its keyframes come at the wanted segment duration. Only while nothing is listed. */
  leadWith(name: string): void;
  /** A frame of the rung that leads. `mayEnd`: it is a keyframe that the other rungs have too. */
  leadAccessUnit(unit: AccessUnit, mayEnd: boolean): void;
}

/** What rungs that are made on demand need of it besides. */
export interface DemandSink {
  /** EXT-X-TARGETDURATION, once it is decided. */
  readonly targetDurationSeconds: number | undefined;
  /** PTS of the earliest keyframe that a rung can begin with when it is asked for; undefined where there is none. */
  readonly keptFromMs: number | undefined;
  /** No more frames of the rung will come for now: what it misses for long becomes gaps, until it is added again. It stays on offer. */
  restRung(name: string): void;
}
