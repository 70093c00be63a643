import type { RenditionTrace } from '../rendition-trace.ts';

/** All of what came whole between two moments. */
export interface ListingDelays {
  /** From sending the first picture of a part, or segment, until all of it was downloaded. */
  readonly partsMs: readonly number[];
  readonly segmentsMs: readonly number[];
  /** From when the first rendition had a segment to each other one. */
  readonly skewsMs: readonly number[];
}

interface Piece {
  sentMs: number;
  hereMs: number;
}

/** `sentAtMs` by the number of the frame, which the source alone carries; all times monotonic. */
export function listingDelays(options: {
  readonly source: RenditionTrace;
  readonly rungs: readonly RenditionTrace[];
  readonly sentAtMs: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}): ListingDelays {
  const { source, rungs, sentAtMs, fromMs, toMs } = options;
  const isWithin = ({ hereMs }: Piece) => hereMs >= fromMs && hereMs <= toMs;
  const delay = ({ sentMs, hereMs }: Piece) => hereMs - sentMs;
  const all = [source, ...rungs].map((trace) => piecesOf(trace, source, sentAtMs));
  const firstMs = new Map<number, number>();
  for (const { segments } of all) {
    for (const [msn, { hereMs }] of segments) firstMs.set(msn, Math.min(hereMs, firstMs.get(msn) ?? hereMs));
  }
  const segments = all.flatMap((one) => [...one.segments].filter(([, piece]) => isWithin(piece)));
  return {
    partsMs: all.flatMap(({ parts }) => [...parts.values()].filter(isWithin).map(delay)),
    segmentsMs: segments.map(([, piece]) => delay(piece)),
    skewsMs: segments.map(([msn, { hereMs }]) => hereMs - firstMs.get(msn)!).filter((skewMs) => skewMs > 0),
  };
}

function piecesOf(trace: RenditionTrace, source: RenditionTrace, sentAtMs: readonly number[]) {
  const parts = new Map<number, Piece>();
  const segments = new Map<number, Piece>();
  const whole = trace.segments();
  for (const [ptsUs, { atMs, msn }] of trace.frames) {
    const sentMs = sentAtMs[source.frames.get(ptsUs)?.stamp ?? -1];
    if (sentMs === undefined) continue;
    widen(parts, atMs, sentMs, atMs); // frames that were here at the same moment came in one part
    if (whole.has(msn)) widen(segments, msn, sentMs, atMs);
  }
  return { parts, segments };
}

function widen(pieces: Map<number, Piece>, key: number, sentMs: number, hereMs: number): void {
  const piece = pieces.get(key);
  if (piece === undefined) {
    pieces.set(key, { sentMs, hereMs });
    return;
  }
  piece.sentMs = Math.min(piece.sentMs, sentMs);
  piece.hereMs = Math.max(piece.hereMs, hereMs);
}
