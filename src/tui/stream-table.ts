import type { StreamMetrics } from '../contract/live-metrics.ts';
import { shortBitrate, shortTime, unknown } from './figures.ts';
import type { StreamHistory } from './history.ts';
import { fitTo, type Segment, segment, type Tone } from './line.ts';
import { sparkline } from './sparkline.ts';
import { ladderCount, ladderWords, stateTone, stateWord } from './stream-words.ts';

/** Cells are as wide as their columns; between two columns there is one space. */
export interface StreamTable {
  readonly widths: readonly number[];
  readonly heads: readonly string[];
  readonly rows: readonly (readonly Segment[])[];
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly align?: 'right';
  readonly cell: (stream: StreamMetrics, history: StreamHistory | undefined) => string;
  readonly tone?: (stream: StreamMetrics) => Tone;
}

/** Below this the ladder is a count, and there is no room for what goes out. */
const wideColumns = 110;

export function streamTable(
  streams: readonly StreamMetrics[],
  /** Undefined where there is no past to show. */
  history: ReadonlyMap<string, StreamHistory> | undefined,
  width: number,
): StreamTable {
  const columns = columnsFor(width, history !== undefined);
  return {
    widths: columns.map((column) => column.width),
    heads: columns.map(({ head, width, align }) => fitTo(head, width, align)),
    rows: streams.map((stream) =>
      columns.map(({ cell, tone, width, align }) => {
        const text = fitTo(cell(stream, history?.get(stream.stream_id)), width, align);
        return segment(text, tone?.(stream) ?? 'plain');
      }),
    ),
  };
}

function columnsFor(width: number, hasHistory: boolean): readonly Column[] {
  const isWide = width >= wideColumns;
  const fixed = isWide ? 11 + 6 + 8 + 5 + 8 + 7 + 8 + 9 : 11 + 6 + 5 + 7 + 7 + 6;
  const spare = Math.max(0, width - fixed);
  const ladderWidth = isWide ? Math.min(40, Math.floor(spare * 0.4)) : 11;
  const channelWidth = Math.max(8, Math.floor((spare - ladderWidth) * (hasHistory ? (isWide ? 0.4 : 0.6) : 1)));
  const sparkWidth = Math.max(0, spare - ladderWidth - channelWidth - 1);
  const arriving: Column = {
    head: isWide ? 'BITRATE IN' : 'BITRATE',
    width: sparkWidth,
    cell: (_, history) => sparkline(history?.inBps ?? [], sparkWidth),
  };
  const columns: (Column | false)[] = [
    { head: 'CHANNEL', width: channelWidth, cell: ({ channel }) => channel, tone: () => 'bold' },
    { head: 'STATE', width: 11, cell: stateWord, tone: stateTone },
    { head: 'HEALTH', width: 6, cell: ({ health }) => health, tone: ({ health }) => health },
    isWide && { head: 'ENCODED', width: 8, align: 'right', cell: pictureWords },
    hasHistory && arriving,
    {
      head: 'IN',
      width: 5,
      align: 'right',
      cell: ({ ingest }) => (ingest ? shortBitrate(ingest.bitrate_bps) : unknown),
    },
    isWide && { head: 'OUT', width: 8, align: 'right', cell: (stream) => shortBitrate(stream.bitrate_out_bps) },
    { head: 'VIEWERS', width: 7, align: 'right', cell: ({ viewers }) => String(viewers) },
    { head: 'LATENCY', width: 7, align: 'right', cell: ({ latency_ms: latency }) => shortTime(latency.listed.p95) },
    { head: 'LADDER', width: ladderWidth, cell: isWide ? ladderWords : ladderCount },
  ];
  let end = -1;
  return columns.filter((column) => {
    if (column === false) return false;
    end += column.width + 1;
    return end <= width;
  }) as Column[];
}

/** `1080p30`. */
function pictureWords({ renditions, ingest }: StreamMetrics): string {
  const source = renditions.find(({ name }) => name === 'source') ?? renditions[0];
  if (source === undefined || source.height === null || ingest === null) return unknown;
  return `${source.height}p${Math.round(source.fps ?? ingest.fps)}`;
}
