/** The part of a media element that is looked at. */
export type Playhead = Pick<HTMLVideoElement, 'currentTime' | 'paused' | 'ended' | 'seeking' | 'buffered'>;

/** What the playlist says of its end; times as the media element counts them. */
export interface PlaylistEnd {
  readonly live: boolean;
  /** Where the last segment ends, s. */
  readonly edge: number;
}

const lookEveryMs = 500;
/** A playhead that has stood for so long does not come on by itself. */
const standsMs = 1500;
/** So near to the end of an ended playlist nothing is missing that could be seen. */
const endSeconds = 0.5;
/** A range that ends so soon may be too short for a browser to show a picture of it. */
const shortSeconds = 0.5;
/** A seek to the very start of a range may round to before it. */
const insideSeconds = 0.05;

/**
 * Helps a playhead that stands still where hls.js (1.7) leaves it:
 * - at the end: where the last part of picture or sound lies wholly behind the end of the other, hls.js takes it for not
 *   loaded and never ends the stream, so the element never says that it ended;
 * - before a gap: in the last frames of an interrupted broadcast, mostly after a jump into a range too short to decode, hls.js waits
 *   with the element, though what came after the interruption is buffered behind the gap.
 */
export class PlayheadWatch {
  private readonly video: Playhead;
  private readonly playlistEnd: () => PlaylistEnd | null;
  private readonly onPlayedOut: () => void;
  private readonly timer: ReturnType<typeof setInterval>;
  private position = Number.NaN;
  private rangeEnd: number | undefined;
  private stoodMs = 0;

  constructor(video: Playhead, playlistEnd: () => PlaylistEnd | null, onPlayedOut: () => void) {
    this.video = video;
    this.playlistEnd = playlistEnd;
    this.onPlayedOut = onPlayedOut;
    this.timer = setInterval(() => this.look(), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { video } = this;
    const { end, nextStart } = rangesAt(video.buffered, video.currentTime);
    const isSame = video.currentTime === this.position && end === this.rangeEnd;
    this.position = video.currentTime;
    this.rangeEnd = end;
    this.stoodMs = isSame && !video.paused && !video.ended ? this.stoodMs + lookEveryMs : 0;
    if (this.stoodMs < standsMs) return;
    const list = this.playlistEnd();
    if (list !== null && !list.live && list.edge - this.position < endSeconds) this.onPlayedOut();
    else if (end !== undefined && end - this.position < shortSeconds && nextStart !== undefined)
      video.currentTime = nextStart + insideSeconds;
  }
}

/** Where the range that `position` is in ends, and where the one behind `position` begins. */
function rangesAt(buffered: TimeRanges, position: number): { end: number | undefined; nextStart: number | undefined } {
  let end: number | undefined;
  for (let index = 0; index < buffered.length; index++) {
    const start = buffered.start(index);
    if (start > position) return { end, nextStart: start };
    if (buffered.end(index) >= position) end = buffered.end(index);
  }
  return { end, nextStart: undefined };
}
