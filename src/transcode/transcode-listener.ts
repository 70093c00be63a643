import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { EncoderName } from './encoder-options.ts';
import type { FfmpegLogLine } from './ffmpeg-log.ts';
import type { SessionFailure } from './session-failure.ts';

/** What a rung is to viewers. */
export type RungState =
  /** Wanted; nothing has come out yet. */
  | 'starting'
  /** Frames come out. */
  | 'live'
  /** Its ffmpeg failed and is being started again; it goes on where it ended. */
  | 'recovering'
  /** Not made any more: not wanted, too much for the machine, or given up for now. */
  | 'withdrawn';

/** Something an operator may want to read, told once each. */
export type TranscodeNotice =
  | ({ readonly type: 'failed'; readonly retryInMs: number } & SessionFailure)
  /** It failed too often: viewers have the source alone until it works again. */
  | ({ readonly type: 'degraded'; readonly retryInMs: number } & SessionFailure)
  /** A device did not begin to encode: another encoder goes on in its place. */
  | { readonly type: 'encoder-replaced'; readonly from: EncoderName; readonly to: EncoderName; readonly why: string }
  /** Frames come out again, this long after the failure and this much media behind the last one: a frame's duration where nothing is lost. */
  | { readonly type: 'recovered'; readonly afterMs: number; readonly skippedMs: number }
  | {
      readonly type: 'overloaded';
      readonly reaction: 'drop-non-reference' | 'shed-rung' | 'skip-to-keyframe';
      readonly lagMs: number;
    }
  | { readonly type: 'relieved'; readonly reaction: 'feed-all' | 'restore-rung' | 'resumed-at-keyframe' }
  /** The encoder does not do what it was told: what players were promised differs from what they get. */
  | { readonly type: 'unexpected-codec'; readonly rung: string; readonly promised: string; readonly found: string }
  /** A line of ffmpeg's, at most one a second; `count` lines, this one included, came since the last. */
  | { readonly type: 'log'; readonly line: FfmpegLogLine; readonly count: number };

export interface RungStats {
  readonly name: string;
  readonly state: RungState;
  readonly frames: number;
  readonly bytes: number;
  /** Newest PTS fed less newest PTS got back. */
  readonly lagMs: number;
}

/** Since the transcoder was made, unless it says otherwise. */
export interface TranscodeStats {
  readonly state: TranscoderState;
  readonly encoder: EncoderName;
  readonly framesFed: number;
  /** Left out because they were not needed, or because ffmpeg was too far behind. */
  readonly framesDropped: number;
  readonly starts: number;
  readonly failures: number;
  readonly stalls: number;
  /** Lines of ffmpeg's about pictures that arrived damaged. */
  readonly damagedFrames: number;
  /** Of the feed, in this process, now. */
  readonly backlogBytes: number;
  /** By ffmpeg's own account, since it started; undefined while it does not know. */
  readonly speed: number | undefined;
  readonly rungs: readonly RungStats[];
}

/**
 * Who gets what a transcoder makes. All times are stream time. No call may throw, and none may call the transcoder back except
 * `want`.
 */
export interface TranscodeListener {
  /** Before the first frame of a rung, and whenever it changes; not when a restart gives the same again. */
  rungConfig(rung: string, config: VideoConfig): void;
  /**
   * In order; PTS is exactly that of the frame of the source. `unit.data` is only lent for the call. `isShared`: it is a keyframe that
   * all rungs have, and not one that an ffmpeg began with in the middle.
   */
  rungFrame(rung: string, unit: AccessUnit, isShared: boolean): void;
  rungState(rung: string, state: RungState, why: string): void;
  /** Of the newest keyframe. */
  thumbnail(jpeg: Uint8Array<ArrayBuffer>): void;
  notice(notice: TranscodeNotice): void;
  /** Once a second while video arrives. */
  counters(stats: TranscodeStats): void;
}

/** What is observed; what is wanted is kept apart. */
export type TranscoderState = keyof typeof transcoderTransitions;

export const transcoderTransitions = {
  /** No ffmpeg: none is wanted, or there is no keyframe to begin at. */
  IDLE: ['STARTING'],
  /** An ffmpeg runs and has given nothing yet. */
  STARTING: ['RUNNING', 'STOPPING', 'BACKING_OFF', 'DEGRADED'],
  RUNNING: ['STOPPING', 'BACKING_OFF', 'DEGRADED'],
  /** Its input has ended; what is inside comes out. */
  STOPPING: ['IDLE'],
  /** It failed; the next start comes in a moment. */
  BACKING_OFF: ['IDLE'],
  /** It failed too often; the next try comes in half a minute. */
  DEGRADED: ['IDLE'],
} as const satisfies Record<string, readonly string[]>;
