import type { LadderRungView } from '../contract/ladder-view.ts';
import type { StreamMetrics } from '../contract/live-metrics.ts';
import { eventLine, type TopEvent } from './event-line.ts';
import { framesPerSecond, percent, shortBitrate, shortDuration, shortTime, spread, unknown } from './figures.ts';
import type { StreamHistory } from './history.ts';
import { cut, fitTo, type Line, printable, segment, type Tone } from './line.ts';
import { warningLines } from './node-lines.ts';
import { sparkline } from './sparkline.ts';
import { stateTone, stateWord } from './stream-words.ts';

export interface DepthOptions {
  readonly width: number;
  readonly nowMs: number;
  readonly history: StreamHistory | undefined;
  /** All that were told; those of others are passed over. */
  readonly events: readonly TopEvent[];
}

/** Everything about one stream, from what matters most to what happened last. */
export function streamDepth(stream: StreamMetrics, { width, nowMs, history, events }: DepthOptions): Line[] {
  const own = events.filter(({ streamId }) => streamId === stream.stream_id);
  const blank: Line = [];
  return [
    headLine(stream, nowMs),
    ...warningLines(stream.warnings, width, 4),
    ...factLines(stream),
    ...historyLines(stream, history, width),
    blank,
    ...renditionLines(stream),
    ...(own.length === 0 ? [] : [blank, [segment('EVENTS', 'bold')] as Line]),
    ...own.toReversed().map((event) => eventLine(event, undefined)),
  ].map((line) => cut(line, width));
}

function headLine(stream: StreamMetrics, nowMs: number): Line {
  const { channel, health, stream_id: id, started_at: startedAt, interrupted_since: since, viewers } = stream;
  const secondsSince = (time: string) => shortDuration(Math.max(0, nowMs - Date.parse(time)) / 1000);
  return [
    segment(channel, 'bold'),
    segment('  '),
    segment(stateWord(stream), stateTone(stream)),
    segment(
      since === null ? (startedAt === null ? '' : ` for ${secondsSince(startedAt)}`) : ` for ${secondsSince(since)}`,
    ),
    segment(', health '),
    segment(health, health),
    segment(`, ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}   `),
    segment(id, 'dim'),
  ];
}

function factLines({ ingest, latency_ms: latency, ladder, qoe }: StreamMetrics): Line[] {
  const facts: [string, string][] = [];
  if (ingest === null) {
    facts.push(['arriving', 'nothing: nobody publishes']);
  } else {
    const { fps, bitrate_bps: bps, frames, dropped_frames: dropped, encoder } = ingest;
    facts.push([
      'arriving',
      join([shortBitrate(bps), `${framesPerSecond(fps)} fps`, `${frames} frames`, `${dropped} dropped`, encoder]),
    ]);
    const drift = ingest.av_drift_ms;
    facts.push([
      'timing',
      join([
        `keyframe every ${shortTime(ingest.keyframe_interval_ms)}`,
        `A/V drift ${drift === null ? unknown : `${drift > 0 ? '+' : ''}${Math.round(drift)} ms`}`,
        `jitter ${shortTime(ingest.jitter_ms)}`,
      ]),
    ]);
  }
  facts.push([
    'latency',
    join([
      `part ${spread(latency.part)}`,
      `listed ${spread(latency.listed)}`,
      `sent ${spread(latency.delivered)} (p50/p95)`,
    ]),
  ]);
  if (ladder !== null) {
    const { state, why, encoder, speed, promised_cores: cores, failures, dropped_frames: dropped } = ladder;
    const lag = Math.max(...ladder.rungs.map(({ lag_ms: lag }) => lag ?? -1), -1);
    facts.push([
      'transcode',
      join([
        state.replace('_', ' ') + (why === null ? '' : ` (${why})`),
        encoder ?? '',
        speed === null ? '' : `speed ${speed.toFixed(2)}×`,
        lag === -1 ? '' : `lag ${shortTime(lag)}`,
        cores === 0 ? '' : `${cores.toFixed(2)} cores`,
        failures === 0 ? '' : `${failures} restarts`,
        dropped === 0 ? '' : `${dropped} frames dropped`,
      ]),
    ]);
  }
  facts.push(
    [
      'viewing',
      join([
        `start-up ${spread(qoe.startup_ms)}`,
        `rebuffering ${percent(qoe.rebuffer_ratio)}`,
        `${qoe.sessions} sessions in 5 min`,
      ]),
    ],
    ['', join([`behind live ${spread(qoe.latency_ms)}`, `bitrate ${spread(qoe.bitrate_bps, shortBitrate)}`])],
  );
  return facts.map(([name, text]) => [segment(fitTo(name, nameWidth), 'dim'), segment(printable(text))]);
}

const nameWidth = 11;

function join(facts: readonly string[]): string {
  return facts.filter((fact) => fact !== '').join(' · ');
}

function historyLines(stream: StreamMetrics, history: StreamHistory | undefined, width: number): Line[] {
  const barWidth = Math.max(10, width - nameWidth - 8);
  const rows = [
    ['in', history?.inBps, shortBitrate(stream.ingest?.bitrate_bps ?? 0)],
    ['out', history?.outBps, shortBitrate(stream.bitrate_out_bps)],
    ['viewers', history?.viewers, String(stream.viewers)],
  ] as const;
  return rows.map(([name, figures, now]) => [
    segment(fitTo(name, nameWidth), 'dim'),
    segment(sparkline(figures ?? [], barWidth), 'good'),
    segment(fitTo(now, 7, 'right')),
  ]);
}

interface RenditionRow {
  readonly cells: readonly string[];
  readonly tone: Tone;
  readonly why: string | null;
}

const renditionHeads = ['RENDITION', 'SIZE', 'FPS', 'BITRATE', 'VIEWERS', 'STATE', 'LAG'];
const renditionWidths = [10, 10, 5, 7, 7, 10, 7];
const rightAligned = new Set(['FPS', 'BITRATE', 'VIEWERS', 'LAG']);

/** What viewers are offered, then the rungs they are not. */
function renditionLines({ renditions, ladder }: StreamMetrics): Line[] {
  const rungs = new Map(ladder?.rungs.map((rung) => [rung.name, rung]));
  const offered = renditions.map((rendition): RenditionRow => {
    const { name, width, height, fps, bitrate_bps: bps, viewers } = rendition;
    const rung = rungs.get(name);
    rungs.delete(name);
    const state = rung === undefined ? 'passed on' : rung.state.replace('_', ' ');
    const lag = rung === undefined ? '' : shortTime(rung.lag_ms);
    const speed = framesPerSecond(rung?.encoded_fps ?? fps);
    const cells = [name, size(width, height), speed, shortBitrate(bps), String(viewers), state, lag];
    return { cells, tone: rung === undefined || rung.state === 'live' ? 'good' : 'fair', why: rung?.why ?? null };
  });
  const rows = [...offered, ...[...rungs.values()].map(absentRow)];
  if (rows.length === 0) return [[segment('No renditions yet.')]];
  return [
    [segment(renditionHeads.map(fitCell).join(' '), 'bold')],
    ...rows.map(({ cells, tone, why }): Line => {
      const fitted = cells.map(fitCell);
      return [
        segment(`${fitted.slice(0, 5).join(' ')} `),
        segment(fitted[5]!, tone),
        segment(` ${fitted[6]}`),
        segment(why === null ? '' : `  ${printable(why)}`, 'dim'),
      ];
    }),
  ];
}

function absentRow({ name, width, height, fps, bitrate_bps: bps, state, why }: LadderRungView): RenditionRow {
  const isMeant = state === 'left_out' || state === 'resting';
  const rate = bps === null ? unknown : shortBitrate(bps);
  const cells = [name, size(width, height), framesPerSecond(fps), rate, '', state.replace('_', ' '), ''];
  return { cells, tone: isMeant ? 'dim' : 'fair', why };
}

function fitCell(text: string, column: number): string {
  return fitTo(text, renditionWidths[column]!, rightAligned.has(renditionHeads[column]!) ? 'right' : 'left');
}

function size(width: number | null, height: number | null): string {
  return width === null || height === null ? unknown : `${width}×${height}`;
}
