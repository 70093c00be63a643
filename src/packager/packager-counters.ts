/** What a packager did since its start, in this process. */
export interface PackagerCounters {
  /** Frames that came while there was no segment they could belong to. */
  droppedFrames: number;
  /** Segments that end without a keyframe. */
  forcedCuts: number;
  gapSegments: number;
  discontinuities: number;
}
