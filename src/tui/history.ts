import type { StreamMetrics } from '../contract/live-metrics.ts';

/** As many seconds as the widest line shows. */
const keptFigures = 240;

/** A stream's figures of the last minutes, one a second. */
export interface StreamHistory {
  readonly inBps: readonly number[];
  readonly outBps: readonly number[];
  readonly viewers: readonly number[];
}

/** Those of the streams that are there still, with what they are now. */
export function extendHistory(
  before: ReadonlyMap<string, StreamHistory>,
  streams: readonly StreamMetrics[],
): ReadonlyMap<string, StreamHistory> {
  return new Map(
    streams.map((stream) => {
      const past = before.get(stream.stream_id);
      return [
        stream.stream_id,
        {
          inBps: append(past?.inBps, stream.ingest?.bitrate_bps ?? 0),
          outBps: append(past?.outBps, stream.bitrate_out_bps),
          viewers: append(past?.viewers, stream.viewers),
        },
      ];
    }),
  );
}

function append(figures: readonly number[] = [], figure: number): readonly number[] {
  return [...figures.slice(1 - keptFigures), figure];
}
