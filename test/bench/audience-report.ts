import { type Distribution, LatencyHistogram } from '../../src/load/latency-histogram.ts';
import type { LoadFigures } from '../../src/load/load-figures.ts';
import type { CalmFigures, OutageFigures } from './audience.ts';
import type { SessionSums } from './audience-backends.ts';
import { rightPercent, type StepFigures, settleMs } from './audience-deviation.ts';
import { threads } from './audience-server.ts';
import type { VisitorKind } from './audience-visitors.ts';
import { rounded } from './percentiles.ts';
import type { Report } from './report.ts';

export interface AudienceFigures {
  /** How many came of each kind. */
  readonly visits: Readonly<Partial<Record<VisitorKind, number>>>;
  readonly steps: readonly StepFigures[];
  readonly calm: CalmFigures;
  readonly as_one_session: CalmFigures;
  /** By what the server has more than with one session. */
  readonly bytes_per_session: { readonly control_heap: number; readonly rss: number };
  readonly outage?: OutageFigures;
  readonly playlist_after_ms: Distribution | undefined;
  readonly clickhouse?: SessionSums;
  readonly ledger?: SessionSums;
  readonly viewer_errors: Readonly<Record<string, number>>;
  readonly reports_failed: number;
  readonly looks_missed: number;
  readonly events_dropped: number;
  readonly sessions_dropped: number;
}

/** Sessions are counted; how long they watched is known to each side by its own clock and its own end of the wire. */
const watchTolerancePercent = 1;
const redisWithinSeconds = 10;
const sessionBytes = 1024;
/** A playlist may be so late while ClickHouse and Redis are away: nothing waits for them. */
const outageFactor = 2;
const outageFloorMs = 20;

export function latencyOf({ playlists }: LoadFigures): Distribution | undefined {
  const histogram = new LatencyHistogram();
  histogram.merge(playlists);
  const distribution = histogram.distribution();
  return distribution && rounded(distribution);
}

/** Bounds that do not hold, as sentences. */
export function brokenBounds(figures: AudienceFigures): string[] {
  const { steps, calm, outage, clickhouse, ledger } = figures;
  const broken: string[] = [];
  for (const { from, to, settledSeconds, deviationPercent } of steps) {
    if (settledSeconds === undefined || settledSeconds * 1000 > settleMs)
      broken.push(`${from} → ${to}: the count was right after ${settledSeconds ?? '∞'} s, not ${settleMs / 1000}`);
    if ((deviationPercent ?? Number.POSITIVE_INFINITY) > rightPercent)
      broken.push(`${from} → ${to}: the steady count was off by ${deviationPercent} %, more than ${rightPercent}`);
  }
  const calmP99 = calm.playlist_ms?.p99 ?? 0;
  const outageP99 = outage?.playlist_ms?.p99 ?? 0;
  if (outageP99 > Math.max(outageFloorMs, outageFactor * calmP99))
    broken.push(`playlists waited during the outage: p99 ${outageP99} ms, before ${calmP99}`);
  if (outage !== undefined && 'redis_right_after_seconds' in outage) {
    const { redis_right_after_seconds: seconds = Number.POSITIVE_INFINITY } = outage;
    if (seconds > redisWithinSeconds) broken.push(`Redis had the count again after ${seconds} s`);
  }
  if (ledger !== undefined) {
    if (clickhouse?.sessions !== ledger.sessions)
      broken.push(`ClickHouse has ${clickhouse?.sessions} sessions, there were ${ledger.sessions}`);
    const off = (100 * Math.abs((clickhouse?.watchSeconds ?? 0) - ledger.watchSeconds)) / ledger.watchSeconds;
    if (off > watchTolerancePercent) broken.push(`ClickHouse is ${off.toFixed(2)} % off what was watched`);
  }
  const { control_heap: heapBytes } = figures.bytes_per_session;
  if (heapBytes >= sessionBytes) broken.push(`a session takes ${heapBytes} bytes of heap`);
  if (figures.events_dropped > 0) broken.push(`${figures.events_dropped} requests were not told to control`);
  if (figures.sessions_dropped > 0) broken.push(`${figures.sessions_dropped} sessions were not counted`);
  return broken;
}

export function tellAudience(figures: AudienceFigures, report: Report): void {
  const { calm, as_one_session: one, outage, clickhouse, ledger } = figures;
  report.table([
    ['viewers', 'right after s', 'off by % while steady'],
    ...figures.steps.map(({ from, to, settledSeconds, deviationPercent }) => [
      `${from} → ${to}`,
      settledSeconds?.toFixed(1) ?? 'never',
      deviationPercent?.toFixed(2) ?? '',
    ]),
  ]);
  report.table([
    ['', 'one session', 'each its own'],
    ['playlist p50 ms', one.playlist_ms?.p50 ?? '', calm.playlist_ms?.p50 ?? ''],
    ['playlist p99 ms', one.playlist_ms?.p99 ?? '', calm.playlist_ms?.p99 ?? ''],
    ['server, % of a core', one.core_percent, calm.core_percent],
    ...threads.flatMap((thread) => [
      [`${thread} thread busy, %`, one.threads[thread].busy_percent, calm.threads[thread].busy_percent],
      [
        `${thread} thread late at most, ms`,
        one.threads[thread].loop_delay_max_ms,
        calm.threads[thread].loop_delay_max_ms,
      ],
    ]),
    ['RSS MiB', one.rss_mib, calm.rss_mib],
    ['heap of control, kB', Math.round(one.control_heap_bytes / 1000), Math.round(calm.control_heap_bytes / 1000)],
    ['bytes a session, heap of control', '', figures.bytes_per_session.control_heap],
    ['bytes a session, RSS', '', figures.bytes_per_session.rss],
  ]);
  if (outage !== undefined) {
    report.table([
      ['playlist ms', 'p50', 'p99', 'max'],
      ...(
        [
          ['before', calm.playlist_ms],
          ['ClickHouse and Redis away', outage.playlist_ms],
          ['after', figures.playlist_after_ms],
        ] as const
      ).map(([when, found]) => [when, found?.p50 ?? '', found?.p99 ?? '', found?.max ?? '']),
    ]);
    report.progress(`outage: ${JSON.stringify(outage)}`);
  }
  if (ledger !== undefined) {
    report.table([
      ['', 'sessions', 'watch seconds'],
      ['ledger', ledger.sessions, Math.round(ledger.watchSeconds)],
      ['ClickHouse', clickhouse?.sessions ?? '', Math.round(clickhouse?.watchSeconds ?? 0)],
    ]);
  }
  const { visits, viewer_errors, reports_failed, looks_missed, events_dropped, sessions_dropped } = figures;
  report.progress(
    JSON.stringify({ visits, viewer_errors, reports_failed, looks_missed, events_dropped, sessions_dropped }),
  );
}
