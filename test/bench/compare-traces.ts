import type { Distribution } from '../../src/load/latency-histogram.ts';
import { distributionOf, rounded } from './percentiles.ts';
import type { RenditionTrace } from './rendition-trace.ts';

/** How a rung stands to the source it was made of. */
export interface RungFigures {
  readonly frames: number;
  /** Frames of the source, between the first and the last that both have, which the rung does not have. */
  readonly missing: number;
  /** Segments of equal number: how many there are, how many begin at the same time, how many have as many frames. */
  readonly segments: number;
  readonly same_start: number;
  readonly same_frames: number;
  /** How much later than the same part of the source a part was here: which frames are in it differs where the source has B-frames. */
  readonly lag_ms: Distribution | undefined;
  /** From the publisher's socket to the viewer's. */
  readonly age_ms: Distribution | undefined;
  readonly gaps: number;
  readonly discontinuities: number;
}

/** `sentAtMs` by the number of the frame; of frames sent before `sinceMs` neither lag nor age count. */
export function compareTraces(
  source: RenditionTrace,
  rung: RenditionTrace,
  sentAtMs: readonly number[],
  sinceMs: number,
): RungFigures {
  const ages: number[] = [];
  const common = [...source.frames.keys()].filter((ptsUs) => rung.frames.has(ptsUs));
  const [fromUs, toUs] = [Math.min(...common), Math.max(...common)];
  let missing = 0;
  for (const [ptsUs, frame] of source.frames) {
    if (ptsUs < fromUs || ptsUs > toUs) continue;
    const same = rung.frames.get(ptsUs);
    if (same === undefined) {
      missing++;
      continue;
    }
    const sentMs = sentAtMs[frame.stamp ?? -1];
    if (sentMs === undefined || sentMs < sinceMs) continue;
    ages.push(same.atMs - sentMs);
  }
  const lags: number[] = [];
  for (const [part, atMs] of source.parts) {
    const sameAtMs = rung.parts.get(part);
    if (sameAtMs !== undefined && atMs >= sinceMs) lags.push(sameAtMs - atMs);
  }
  return {
    frames: rung.frames.size,
    missing,
    ...compareSegments(source, rung),
    lag_ms: roundedOf(lags),
    age_ms: roundedOf(ages),
    gaps: rung.gaps,
    discontinuities: rung.discontinuities,
  };
}

function compareSegments(source: RenditionTrace, rung: RenditionTrace) {
  const figures = { segments: 0, same_start: 0, same_frames: 0 };
  const others = rung.segments();
  for (const [msn, segment] of source.segments()) {
    const other = others.get(msn);
    if (other === undefined) continue;
    figures.segments++;
    if (other.firstPtsMs === segment.firstPtsMs) figures.same_start++;
    if (other.frames === segment.frames) figures.same_frames++;
  }
  return figures;
}

function roundedOf(values: readonly number[]): Distribution | undefined {
  const distribution = distributionOf(values);
  return distribution && rounded(distribution);
}
