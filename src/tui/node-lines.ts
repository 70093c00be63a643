import type { NodeMetrics } from '../contract/live-metrics.ts';
import { memory, shortBitrate, shortDuration } from './figures.ts';
import { cut, fitTo, type Line, printable, segment, wrap } from './line.ts';

/** The bar at the top: who is looked at, and since when it runs. */
export function nodeBar(node: NodeMetrics, width: number): Line {
  const { node: name, version, uptime_seconds: uptime } = node;
  return [segment(fitTo(` streamctl ${version} on ${printable(name)}, up ${shortDuration(uptime)}`, width), 'bar')];
}

/** What all of it does now, in one line. */
export function nodeLine(node: NodeMetrics, width: number): Line {
  const facts = [
    [String(node.streams.length), node.streams.length === 1 ? 'stream' : 'streams'],
    [String(node.viewers), node.viewers === 1 ? 'viewer' : 'viewers'],
    [`${shortBitrate(node.bitrate_in_bps)}`, 'in'],
    [`${shortBitrate(node.bitrate_out_bps)}`, 'out'],
    [node.cpu_cores.toFixed(2), 'cores'],
    [memory(node.rss_bytes), 'memory'],
  ] as const;
  const line = facts.flatMap(([figure, what], index) => [
    segment(index === 0 ? ' ' : ' · ', 'dim'),
    segment(figure, 'bold'),
    segment(` ${what}`),
  ]);
  return cut(line, width);
}

/** Sentences of what is wrong, at most `height` lines. */
export function warningLines(warnings: readonly string[], width: number, height: number): Line[] {
  const lines = warnings.flatMap((warning) => wrap(`! ${printable(warning)}`, width));
  const shown = lines.slice(0, height).map((text): Line => [segment(text, 'fair')]);
  if (lines.length > height && height > 0) {
    shown[height - 1] = [segment(fitTo(`! and more: streamctl status, streamctl doctor`, width), 'fair')];
  }
  return shown;
}
