import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type CurveSeries, drawCurves } from './cost-curve.ts';
import { benchIngest } from './ingest.ts';
import { nginxRtmp } from './peers/nginx-rtmp.ts';
import { streamctl } from './peers/streamctl.ts';
import { Report } from './report.ts';
import { benchViewers, type ViewersResult } from './viewers.ts';

export interface CurveOptions {
  readonly viewerCounts: readonly number[];
  readonly publisherCounts: readonly number[];
  /** Of each measurement. */
  readonly seconds: number;
}

const plotFile = resolve(import.meta.dirname, '../../docs/cost-curve.svg');
const ours = '#c2410c';
const oursLowLatency = '#eab308';
const nginx = '#1d4ed8';

/** What one more viewer and one more broadcast cost, and a plot of it for docs/performance.md. */
export async function benchCurve(options: CurveOptions, report: Report, signal: AbortSignal): Promise<void> {
  const { viewerCounts, publisherCounts, seconds } = options;
  const servers = ['streamctl', 'nginx'] as const;
  const plain = await benchViewers({ kind: 'hls', servers, viewerCounts, seconds }, report, signal);
  const lowLatencyCounts = viewerCounts.filter((count) => count <= 5000);
  const lowLatency = await benchViewers(
    { kind: 'll-hls', servers: ['streamctl'], viewerCounts: lowLatencyCounts, seconds },
    report,
    signal,
  );
  const ingest = new KeptReport('curve');
  const peers = [streamctl, nginxRtmp].filter((kind) => kind.missing() === undefined);
  await benchIngest({ peers, publisherCounts, chunkSizesBytes: [4096], seconds }, ingest, signal);
  const viewerPoints = (results: readonly ViewersResult[], server: string) =>
    results.filter((result) => result.server === server).map((r) => ({ x: r.viewers, y: r.core_percent }));
  const ingestPoints = (server: string) =>
    ingest.kept
      .filter((result) => result.server === server)
      .map((result) => ({ x: Number(result.publishers), y: Number(result.core_percent) }));
  const viewerSeries = [
    { name: 'streamctl, HLS', color: ours, points: viewerPoints(plain, 'streamctl') },
    {
      name: 'streamctl, LL-HLS with 0.5 s parts',
      color: oursLowLatency,
      points: viewerPoints(lowLatency, 'streamctl'),
    },
    { name: 'nginx, the same HLS from tmpfs', color: nginx, points: viewerPoints(plain, 'nginx') },
  ];
  const ingestSeries = [
    { name: 'streamctl: LL-HLS + DASH', color: ours, points: ingestPoints('streamctl') },
    { name: 'nginx-rtmp: HLS + DASH', color: nginx, points: ingestPoints('nginx-rtmp') },
  ];
  const yLabel = 'server CPU, % of one core';
  const svg = drawCurves(
    [
      { title: 'Viewers of one broadcast of 450 kbit/s', xLabel: 'viewers', yLabel, series: measured(viewerSeries) },
      {
        title: 'Broadcasts of 2.5 Mbit/s, nobody watching',
        xLabel: 'publishers',
        yLabel,
        series: measured(ingestSeries),
      },
    ],
    `npm run bench -- curve, ${new Date().toISOString().slice(0, 10)}: ${seconds} s a dot, load on the same machine`,
  );
  writeFileSync(plotFile, svg);
  report.progress(`written: ${relative(process.cwd(), plotFile)}`);
}

function measured(series: readonly CurveSeries[]): CurveSeries[] {
  return series.filter(({ points }) => points.length > 0);
}

/** A report whose lines can be looked at again. */
class KeptReport extends Report {
  readonly kept: Record<string, unknown>[] = [];

  override line(result: Record<string, unknown>): void {
    super.line(result);
    this.kept.push(result);
  }
}
